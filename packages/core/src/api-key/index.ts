export { createApiKey } from './create.ts';
export { createOwnKey } from './create-own.ts';
export { listApiKeys, listOwnKeys } from './list.ts';
export { revokeApiKey, revokeOwnKey } from './revoke.ts';
