export { deleteImage as delete } from './delete.ts';
export { listImages as list } from './list.ts';
export { readImage as read } from './read.ts';
export { uploadImage as upload } from './upload.ts';
