export { addMember } from './add.ts';
export { listMembers } from './list.ts';
export { readMember } from './read.ts';
export { removeMember } from './remove.ts';
export { updateMember } from './update.ts';
