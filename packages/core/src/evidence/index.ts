import { requestUpload } from '../upload/request.ts';

export { addEvidenceVersion } from './add-version.ts';
export { readEvidenceContent } from './content.ts';
export { createEvidence } from './create.ts';
export { deleteEvidence } from './delete.ts';
export { listEvidence } from './list.ts';
export { readEvidence } from './read.ts';
export { syncEvidence } from './sync.ts';
export { updateEvidence } from './update.ts';
export { verifyEvidence } from './verify.ts';
export { listEvidenceVersions } from './versions.ts';

export const uploadEvidence = requestUpload('evidence', 'evidence:write');
