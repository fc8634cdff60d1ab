export { createOwnKey as create } from './create-own.ts';
export { listOwnKeys as list } from './list.ts';
export { revokeOwnKey as revoke } from './revoke.ts';
