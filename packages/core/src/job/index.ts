export { cancelJob as cancel } from './cancel.ts';
export { watchJobs as changes } from './changes.ts';
export { deleteJobResult as deleteResult } from './delete-result.ts';
export { watchJob as events } from './events.ts';
export { listJobs as list } from './list.ts';
export { cancelJobs as cancelMany, retryJobs as retryMany } from './many.ts';
export { readJob as read } from './read.ts';
export { readJobResult as result } from './result.ts';
export { retryJob as retry } from './retry.ts';
