import { createRandom } from '../random.ts';

const kinds = [
  'kill -9 of a worker',
  'kill -9 of a worker that has woken others',
  'kill -9 of the API',
  'SIGTERM of a worker',
  'SIGSTOP of a worker past its lease',
  'crash of Postgres',
  'connections of a process to Postgres cut',
  'Postgres refuses a process',
  'connections that LISTEN cut',
  'SQS answers 500',
  'SQS loses its answers',
  'SQS delivers twice',
  'S3 breaks off uploads',
] as const;

/** A fault, when it begins, how long it lasts, and the number of the affected process. */
export type Fault = { atSeconds: number; kind: (typeof kinds)[number]; lastsSeconds: number; target: number };

/** Crashes of the whole database stop all work for seconds: with more of them, the soak would test little else. */
const maxCrashes = 4;
const meanPauseSeconds = 3;

/** Plans random faults for a duration, the same ones for the same seed. */
export function planFaults(seed: number, durationSeconds: number): Fault[] {
  const random = createRandom(seed);
  const faults: Fault[] = [];
  let atSeconds = 2;
  let crashes = 0;
  while (atSeconds < durationSeconds) {
    const fault = {
      atSeconds,
      kind: random.pick(kinds),
      lastsSeconds: random.between(0.5, 3),
      target: Math.floor(random.between(0, 1000)),
    };
    if (fault.kind !== 'crash of Postgres' || crashes++ < maxCrashes) faults.push(fault);
    atSeconds += random.between(0, 2 * meanPauseSeconds);
  }
  return faults;
}
