export { acceptInvitation as accept } from './accept.ts';
export { createInvitation as create } from './create.ts';
export { listInvitations as list } from './list.ts';
export { revokeInvitation as revoke } from './revoke.ts';
export { showInvitation as show } from './show.ts';
