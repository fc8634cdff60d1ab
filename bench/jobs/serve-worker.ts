import { setTimeout as wait } from 'node:timers/promises';
import { serve } from './serve.ts';

/** Reports the start of a job, and waits for as long as a job of this kind takes. */
export type Handle = (key: string, kind?: string) => Promise<void>;

/** Begins to take jobs; resolves to a function that ends that and waits for jobs that run. */
export type StartWorker = () => Promise<() => Promise<void>>;

export type WorkerReport = {
  /** Processor time of this process since the start, before the stop. */
  cpuMilliseconds: number;
  /** The key of each job whose handler was called, and when, in milliseconds of the monotonic clock of the machine. */
  starts: [key: string, at: number][];
};

/** Comparable between the processes of a machine. */
export const monotonicMilliseconds = () => Number(process.hrtime.bigint()) / 1e6;

/** In the process of a worker: `open` connects it, with the settings and the handler of its jobs. */
export function serveWorker<Settings>(open: (settings: Settings, handle: Handle) => Promise<StartWorker>) {
  let starts: WorkerReport['starts'] = [];
  let milliseconds: Record<string, number> = {};
  let expected: { jobs: number; reached: () => void } | undefined;
  let start: StartWorker;
  let stop: () => Promise<void>;
  let cpu: NodeJS.CpuUsage;

  function checkExpected() {
    if (expected && starts.length >= expected.jobs) expected.reached();
  }

  const handle: Handle = async (key, kind = '') => {
    starts.push([key, monotonicMilliseconds()]);
    checkExpected();
    const takes = milliseconds[kind];
    if (takes !== undefined) await wait(takes);
  };

  serve({
    async open(settings: Settings) {
      start = await open(settings, handle);
    },
    async start(handlerMilliseconds: Record<string, number>) {
      starts = [];
      milliseconds = handlerMilliseconds;
      cpu = process.cpuUsage();
      stop = await start();
    },
    /** Resolves when the handlers of so many jobs have started. */
    handled(jobs: number) {
      const { promise, resolve } = Promise.withResolvers<void>();
      expected = { jobs, reached: resolve };
      checkExpected();
      return promise;
    },
    async stop(): Promise<WorkerReport> {
      const { user, system } = process.cpuUsage(cpu);
      await stop();
      return { cpuMilliseconds: (user + system) / 1000, starts };
    },
  });
}
