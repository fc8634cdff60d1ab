export { revokeOwnTokens as revoke } from './revoke-tokens.ts';
