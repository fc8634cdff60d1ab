export { readImage } from './read.ts';
export { uploadImage } from './upload.ts';
