import { PullReader, hotProducer, installTelemetry, renderMetrics } from '@portfolio/core/runtime/telemetry';
import type { AnyInstrument, Program } from '@portfolio/core/telemetry/instrument';
import { prometheusName } from '@portfolio/core/telemetry/prometheus-name';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';

/** Turns telemetry on for this test file, in memory, as a program would have it. Dispose of it to turn it off. */
export function recordTelemetry(program: Program) {
  const reader = new PullReader([hotProducer(program)]);
  const exporter = new InMemorySpanExporter();
  const processors = [new SimpleSpanProcessor({ exporter })];
  const close = installTelemetry({ program, version: 'test', reader, processors });
  return {
    /** The spans that have ended so far. */
    spans: () => exporter.getFinishedSpans(),
    forgetSpans: () => exporter.reset(),
    /** What `/metrics` would serve. */
    text: () => renderMetrics(reader),
    /** The lines of `/metrics` of an instrument, without its help. */
    async series(instrument: AnyInstrument): Promise<string[]> {
      const name = prometheusName(instrument);
      const lines = (await renderMetrics(reader)).split('\n');
      return lines.filter((line) => new RegExp(`^${name}(_bucket|_sum|_count)?[{ ]`).test(line));
    },
    [Symbol.asyncDispose]: close,
  };
}
