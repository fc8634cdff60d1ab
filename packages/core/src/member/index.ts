export { listMembers as list } from './list.ts';
export { readMember as read } from './read.ts';
export { removeMember as remove } from './remove.ts';
export { updateMember as update } from './update.ts';
export { revokeMemberTokens as revokeTokens } from './revoke-tokens.ts';
