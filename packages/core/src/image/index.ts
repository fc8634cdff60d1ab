export { readImage as read } from './read.ts';
export { uploadImage as upload } from './upload.ts';
