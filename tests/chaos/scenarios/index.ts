import type { Scenario } from '../scenario.ts';
import { apiKilledBeforePublish } from './api-killed.ts';
import { workerKilled } from './worker-killed.ts';

/** Every scenario, in the order of docs/chaos-testing.md. */
export const scenarios: Scenario[] = [workerKilled, apiKilledBeforePublish];
