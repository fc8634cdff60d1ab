import { requestUpload } from '../upload/request.ts';

export { addArtifactVersion as addVersion } from './add-version.ts';
export { readArtifactContent as content } from './content.ts';
export { createArtifact as create } from './create.ts';
export { deleteArtifact as delete } from './delete.ts';
export { deleteArtifactVersion as deleteVersion } from './delete-version.ts';
export { listArtifacts as list } from './list.ts';
export { readArtifact as read } from './read.ts';
export { updateArtifact as update } from './update.ts';
export { listArtifactVersions as versions } from './versions.ts';

export const upload = requestUpload('artifact', 'artifact:write');
