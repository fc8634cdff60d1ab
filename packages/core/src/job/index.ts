export { watchJobs } from './changes.ts';
export { watchJob } from './events.ts';
export { listJobs } from './list.ts';
export { readJob } from './read.ts';
export { readJobResult } from './result.ts';
