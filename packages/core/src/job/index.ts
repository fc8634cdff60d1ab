export { cancelJob } from './cancel.ts';
export { watchJobs } from './changes.ts';
export { watchJob } from './events.ts';
export { listJobs } from './list.ts';
export { cancelJobs, retryJobs } from './many.ts';
export { readJob } from './read.ts';
export { readJobResult } from './result.ts';
export { retryJob } from './retry.ts';
