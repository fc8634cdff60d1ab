import { requestUpload } from '../upload/request.ts';

export { addArtifactVersion } from './add-version.ts';
export { readArtifactContent } from './content.ts';
export { createArtifact } from './create.ts';
export { deleteArtifact } from './delete.ts';
export { listArtifacts } from './list.ts';
export { readArtifact } from './read.ts';
export { updateArtifact } from './update.ts';
export { listArtifactVersions } from './versions.ts';

export const uploadArtifact = requestUpload('artifact', 'artifact:write');
