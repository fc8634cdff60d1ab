export { readMe as read } from './read-me.ts';
