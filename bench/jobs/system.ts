/** Connections of each system to Postgres, in the process that accepts; a worker has as many, and `slots` jobs at a time. */
export const connections = 10;
export const slots = 8;
/** The batch of those that work in batches. */
export const batch = 100;

/** A file of this folder that calls `serveWorker`, and what it is opened with. */
export type WorkerProgram = { file: string; settings: object };

/** A job system, as the rows see it. Its jobs do nothing. */
export type System = {
  /** With what was configured. */
  name: string;
  /** Accepts a job durably; resolves to the key by which the worker reports it. */
  accept(): Promise<string>;
  /** Stores jobs in bulk. */
  seed(jobs: number): Promise<void>;
  /** The number of jobs that are stored and not completed. */
  unfinished(): Promise<number>;
  /** Deletes all jobs. */
  reset(): Promise<void>;
  worker: WorkerProgram;
  close(): Promise<void>;
};
