export { listSessions as list } from './list.ts';
export { revokeSession as revoke } from './revoke.ts';
export { revokeAllSessions as revokeAll } from './revoke-all.ts';
