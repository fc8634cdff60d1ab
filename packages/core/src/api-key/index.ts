export { createApiKey as create } from './create.ts';
export { listApiKeys as list } from './list.ts';
export { readApiKey as read } from './read.ts';
export { revokeApiKey as revoke } from './revoke.ts';
export { rotateApiKey as rotate } from './rotate.ts';
