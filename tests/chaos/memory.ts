import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const everyMilliseconds = 1000;

/** Measures the resident memory of a process, once a second, until `stop`; that resolves to the figures in MiB. */
export function watchMemory(pid: number) {
  const samples: number[] = [];
  const timer = setInterval(() => {
    // A process that is just ending has no figure.
    run('ps', ['-o', 'rss=', '-p', String(pid)]).then(
      ({ stdout }) => samples.push(Number(stdout) / 1024),
      () => {},
    );
  }, everyMilliseconds);
  return {
    /** The medians around the middle and at the end of the time. */
    stop() {
      clearInterval(timer);
      if (samples.length === 0)
        throw new Error('The memory of a process could not be measured: is `ps` installed?');
      return { middle: median(slice(samples, 0.4, 0.6)), end: median(slice(samples, 0.8, 1)) };
    },
  };
}

const slice = (samples: number[], from: number, to: number) =>
  samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to));

function median(samples: number[]): number {
  const sorted = samples.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0);
}
