/** Loaded into the process of the API: measures what cannot be seen from outside. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { serve } from '../jobs/serve.ts';

const resolutionMilliseconds = 5;
const sampleMilliseconds = 50;
const mebibyte = 1024 * 1024;

/** What the process did between `begin` and `end`. Delays are beyond the resolution of the measurement. */
export type Inside = {
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

function sampleMemory() {
  rssMax = Math.max(rssMax, process.memoryUsage.rss());
}
setInterval(sampleMemory, sampleMilliseconds).unref();

const beyondResolution = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMilliseconds);

serve({
  begin() {
    (globalThis.gc as NodeJS.GCFunction)();
    rssBefore = process.memoryUsage.rss();
    rssMax = rssBefore;
    cpuBefore = process.cpuUsage();
    delay.enable();
    delay.reset();
  },
  end(): Inside {
    delay.disable();
    sampleMemory();
    const { user, system } = process.cpuUsage(cpuBefore);
    return {
      delayP99Milliseconds: beyondResolution(delay.percentile(99)),
      delayMaxMilliseconds: beyondResolution(delay.max),
      cpuMilliseconds: (user + system) / 1000,
      rssGrowthMebibytes: (rssMax - rssBefore) / mebibyte,
    };
  },
});
