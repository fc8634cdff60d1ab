import type { Servers } from './servers.ts';

/** What each row is given. */
export type Options = {
  servers: Servers;
  /** How often each system is measured, in turn with the others; the median counts. */
  rounds: number;
  /** Flags of Node for our worker, such as `--cpu-prof`. */
  workerFlags: string[];
};
