export { readMe as read } from './read.ts';
export { eraseMe as erase } from './erase.ts';
export { exportMe as export } from './export.ts';
export { updateMe as update } from './update.ts';
