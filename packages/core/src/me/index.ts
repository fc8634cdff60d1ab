export { eraseMe as erase } from './erase.ts';
export { exportMe as export } from './export.ts';
export { readMe as read } from '../person/read-me.ts';
export { updateMe as update } from './update.ts';
