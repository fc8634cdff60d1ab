import { startProcess } from './child-process.ts';
import type { WorkerReport } from './serve-worker.ts';
import type { WorkerProgram } from './system.ts';

export type WorkerProcess = Awaited<ReturnType<typeof startWorkerProcess>>;

/** Starts the process of a worker, which takes no jobs yet. `flags` are those of Node. */
export async function startWorkerProcess({ file, settings }: WorkerProgram, flags: string[]) {
  const child = await startProcess(file, flags);
  await child.ask('open', settings);
  return {
    /** Takes jobs from now on. `handlerMilliseconds`: how long a job of a kind takes; by default, no time. */
    start: (handlerMilliseconds: Record<string, number> = {}) =>
      child.ask<void>('start', handlerMilliseconds),
    handled: (jobs: number) => child.ask<void>('handled', jobs),
    stop: () => child.ask<WorkerReport>('stop', undefined),
    end: () => child.stop(),
  };
}
