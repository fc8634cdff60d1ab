export { readUpload as read } from './read.ts';
