/** Loaded into the process of the API: measures what cannot be seen from outside. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serve } from '../jobs/serve.ts';

const resolutionMilliseconds = 5;
const memoryMilliseconds = 50;
const mebibyte = 1024 * 1024;

/** What the process did between `begin` and `end`. Delays are beyond the resolution of the measurement. */
export type Inside = {
  /** The most processor time of the main thread between two turns of a timer: the delay that it caused itself. */
  longestTurnMilliseconds: number;
  delayP99Milliseconds: number;
  delayMaxMilliseconds: number;
  cpuMilliseconds: number;
  /** From the memory at the beginning, after a garbage collection, to the most of it. */
  rssGrowthMebibytes: number;
};

const delay = monitorEventLoopDelay({ resolution: resolutionMilliseconds });
let cpuBefore: NodeJS.CpuUsage;
let rssBefore = 0;
let rssMax = 0;

let turnEnd = 0;
let longestTurn = 0;

const millisecondsOf = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000;

function sampleTurn() {
  const now = millisecondsOf(process.threadCpuUsage());
  longestTurn = Math.max(longestTurn, now - turnEnd);
  turnEnd = now;
}

function sampleMemory() {
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
}
setInterval(sampleMemory, memoryMilliseconds).unref();
setInterval(sampleTurn, resolutionMilliseconds).unref();

const beyondResolution = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMilliseconds);

serve({
  /** Milliseconds of processor time since the start, of all threads. */
  cpu: () => millisecondsOf(process.cpuUsage()),
  begin() {
    (globalThis.gc as NodeJS.GCFunction)();
    rssBefore = process.memoryUsage.rss();
    rssMax = rssBefore;
    cpuBefore = process.cpuUsage();
    sampleTurn();
    longestTurn = 0;
    delay.enable();
    delay.reset();
  },
  end(): Inside {
    delay.disable();
    sampleMemory();
    sampleTurn();
    return {
      longestTurnMilliseconds: longestTurn,
      delayP99Milliseconds: beyondResolution(delay.percentile(99)),
      delayMaxMilliseconds: beyondResolution(delay.max),
      cpuMilliseconds: millisecondsOf(process.cpuUsage(cpuBefore)),
      rssGrowthMebibytes: (rssMax - rssBefore) / mebibyte,
    };
  },
});
