import { PerformanceObserver, constants, monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { runtime } from '../telemetry/contract.ts';

const collectionTypes = new Map<unknown, 'major' | 'minor' | 'incremental' | 'weakcb'>([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);

const seconds = (nanoseconds: number) => nanoseconds / 1e9;

/** Measures the process itself; returns the function that ends it. */
export function observeProcess(): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let utilizationBefore = performance.eventLoopUtilization();
  const collections = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const type = collectionTypes.get((entry as { detail?: { kind?: number } }).detail?.kind);
      if (type) runtime.collections.record(entry.duration / 1000, { 'v8js.gc.type': type });
    }
  });
  collections.observe({ entryTypes: ['gc'] });

  const ends = [
    runtime.delays.observe(() => {
      const found = [
        { value: seconds(delay.percentile(50)), labels: { statistic: 'p50' as const } },
        { value: seconds(delay.percentile(90)), labels: { statistic: 'p90' as const } },
        { value: seconds(delay.percentile(99)), labels: { statistic: 'p99' as const } },
        { value: seconds(delay.max), labels: { statistic: 'max' as const } },
      ];
      delay.reset();
      return found;
    }),
    runtime.utilization.observe(() => {
      const now = performance.eventLoopUtilization();
      const { utilization: value } = performance.eventLoopUtilization(now, utilizationBefore);
      utilizationBefore = now;
      return [{ value, labels: {} }];
    }),
    runtime.heap.observe(() =>
      getHeapSpaceStatistics().map(({ space_name: name, space_used_size: value }) => ({
        value,
        labels: { 'v8js.heap.space.name': name },
      })),
    ),
    runtime.heapLimit.observe(() => [{ value: getHeapStatistics().heap_size_limit, labels: {} }]),
    runtime.memory.observe(() => [{ value: process.memoryUsage.rss(), labels: {} }]),
    runtime.processor.observe(() => {
      const { user, system } = process.cpuUsage();
      return [
        { value: user / 1e6, labels: { 'cpu.mode': 'user' } },
        { value: system / 1e6, labels: { 'cpu.mode': 'system' } },
      ];
    }),
    runtime.uptime.observe(() => [{ value: process.uptime(), labels: {} }]),
  ];
  return () => {
    collections.disconnect();
    delay.disable();
    for (const end of ends) end();
  };
}
