export { erase } from './erase.ts';
export { health } from './health.ts';
export { listJobs as jobs } from './jobs.ts';
export { limit } from './limit.ts';
export { limits } from './limits.ts';
export { pause } from './pause.ts';
export { pauses } from './pauses.ts';
export { redrive } from './redrive.ts';
export { resume } from './resume.ts';
