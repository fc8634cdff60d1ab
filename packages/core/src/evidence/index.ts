import { requestUpload } from '../upload/request.ts';

export { addEvidenceVersion as addVersion } from './add-version.ts';
export { readEvidenceContent as content } from './content.ts';
export { createEvidence as create } from './create.ts';
export { deleteEvidence as delete } from './delete.ts';
export { deleteEvidenceVersion as deleteVersion } from './delete-version.ts';
export { listEvidence as list } from './list.ts';
export { readEvidence as read } from './read.ts';
export { syncEvidence as sync } from './sync.ts';
export { updateEvidence as update } from './update.ts';
export { verifyEvidence as verify } from './verify.ts';
export { listEvidenceVersions as versions } from './versions.ts';

export const upload = requestUpload('evidence', 'evidence:write');
