export { createApiKey as create } from './create.ts';
export { listApiKeys as list } from './list.ts';
export { revokeApiKey as revoke } from './revoke.ts';
