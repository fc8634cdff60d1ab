export { createOwnKey as create } from './create-own.ts';
export { listOwnKeys as list } from './list.ts';
export { readOwnKey as read } from './read.ts';
export { revokeOwnKey as revoke } from './revoke.ts';
export { rotateOwnKey as rotate } from './rotate.ts';
