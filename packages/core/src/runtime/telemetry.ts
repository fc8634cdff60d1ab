import { DiagLogLevel, ValueType, context, diag, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { millisToHrTime } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type HistogramMetricData,
  InstrumentType,
  MeterProvider,
  type MetricProducer,
  MetricReader,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import {
  AlwaysOnSampler,
  BatchSpanProcessor,
  type SpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { contract } from '../telemetry/contract.ts';
import type { AnyInstrument, HotHistogram, Program } from '../telemetry/instrument.ts';
import { prometheusName } from '../telemetry/prometheus-name.ts';
import { newSpanId, nextTraceId, setTracing } from '../telemetry/trace.ts';
import { listenHttp } from './listen-http.ts';
import type { Logger } from './log.ts';
import { observeProcess } from './process-telemetry.ts';

/** As often as Prometheus scrapes. */
const exportMilliseconds = 15_000;
const exportTimeoutMilliseconds = 5000;
/** How long a process that stops waits for its last export, which is repeated while the collector is unreachable. */
const lastExportMilliseconds = 2000;
const scope = { name: 'portfolio' };

type TelemetrySettings = {
  OTEL_SDK_DISABLED: boolean;
  OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  METRICS_PORT?: number | undefined;
};

export type Telemetry = {
  /** Where `/metrics` is served on the loopback address; undefined where it is not. */
  metricsPort: number | undefined;
  /** Exports what is left, and ends. */
  close(): Promise<void>;
};

const off: Telemetry = { metricsPort: undefined, close: async () => {} };

/**
 * Starts the SDK of OpenTelemetry, which nothing else knows: the other code knows its API and the contract only. It is on where an
 * endpoint or a port is given, unless OTEL_SDK_DISABLED is set. With a port, metrics are served at it and not sent.
 */
export async function startTelemetry(
  settings: TelemetrySettings,
  { program, version, log }: { program: Program; version: string; log: Logger },
): Promise<Telemetry> {
  const {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    METRICS_PORT: port,
    OTEL_SDK_DISABLED: isDisabled,
  } = settings;
  if (isDisabled || (endpoint === undefined && port === undefined)) return off;
  reportProblems(log);
  const url = (signal: string) => `${endpoint!.replace(/\/$/, '')}/v1/${signal}`;
  const producers = [hotProducer(program)];
  const reader =
    port === undefined
      ? new PeriodicExportingMetricReader({
          exporter: new MetricExporter({ url: url('metrics'), timeoutMillis: exportTimeoutMilliseconds }),
          exportIntervalMillis: exportMilliseconds,
          exportTimeoutMillis: exportTimeoutMilliseconds,
          metricProducers: producers,
        })
      : new PullReader(producers);
  const processors =
    endpoint === undefined
      ? []
      : [
          new BatchSpanProcessor({
            exporter: new OTLPTraceExporter({ url: url('traces'), timeoutMillis: exportTimeoutMilliseconds }),
          }),
        ];
  const close = installTelemetry({ program, version, reader, processors });
  const served = reader instanceof PullReader ? await serveMetrics(port!, reader, log) : undefined;
  return {
    metricsPort: served?.port,
    async close() {
      served?.close();
      await close();
    },
  };
}

/** Installs providers for the whole process, and connects the contract to them. Tests give a reader and processors of their own. */
export function installTelemetry({
  program,
  version,
  reader,
  processors,
}: {
  program: Program;
  version: string;
  reader: MetricReader;
  processors: SpanProcessor[];
}): () => Promise<void> {
  const resource = resourceFromAttributes({
    'service.name': `portfolio-${program}`,
    'service.version': version,
    'service.instance.id': `${hostname()}/${process.pid}`,
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  const traces = new TracerProvider({
    resource,
    // What is not worth a span gets none: see `startSpan`. The collector decides what is kept.
    sampler: new AlwaysOnSampler(),
    idGenerator: { generateTraceId: nextTraceId, generateSpanId: newSpanId },
    spanProcessors: processors,
  });
  metrics.setGlobalMeterProvider(meters);
  if (processors.length > 0) {
    trace.setGlobalTracerProvider(traces);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    setTracing(true);
  }
  const own = contract.filter(({ programs }) => programs.includes(program));
  for (const instrument of own) instrument.connect(meters.getMeter(scope.name));
  const endProcess = observeProcess();
  return async () => {
    setTracing(false);
    // Unreachable collectors are no reason to fail a stop, nor to delay it by more than a moment.
    const late = new AbortController();
    const exported = Promise.allSettled([meters.shutdown(), traces.shutdown()]).then(() => late.abort());
    await Promise.race([exported, wait(lastExportMilliseconds, undefined, late).catch(() => {})]);
    endProcess();
    for (const instrument of own) instrument.disconnect();
    metrics.disable();
    trace.disable();
    context.disable();
  };
}

/** The SDK would report cumulative gauges for ever, also series that no source reports any more. */
const temporalityOf = (type: InstrumentType) =>
  type === InstrumentType.OBSERVABLE_GAUGE ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE;

class MetricExporter extends OTLPMetricExporter {
  override selectAggregationTemporality(type: InstrumentType) {
    return temporalityOf(type);
  }
}

/** For tests, and for what is served: collects when it is asked to. */
export class PullReader extends MetricReader {
  #collecting: Promise<unknown> = Promise.resolve();

  constructor(metricProducers: MetricProducer[]) {
    super({ metricProducers, aggregationTemporalitySelector: temporalityOf });
  }
  /** One after the other: of collections at the same time, one alone would have the gauges. */
  override collect(options?: Parameters<MetricReader['collect']>[0]): Promise<CollectionResult> {
    const collected = this.#collecting.then(() => super.collect(options));
    this.#collecting = collected.catch(() => {});
    return collected;
  }

  protected override async onForceFlush() {}
  protected override async onShutdown() {}
}

const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);

/** What `/metrics` serves, in the text format of Prometheus. */
export async function renderMetrics(reader: MetricReader): Promise<string> {
  const { resourceMetrics } = await reader.collect();
  return serializer.serialize(withPrometheusNames(resourceMetrics));
}

const byName = new Map(contract.map((instrument) => [instrument.name, instrument]));

/** The serializer adds `_total`, but no units. */
const nameOf = (instrument: AnyInstrument) => prometheusName(instrument).replace(/_total$/, '');

function withPrometheusNames(collected: ResourceMetrics): ResourceMetrics {
  return {
    ...collected,
    scopeMetrics: collected.scopeMetrics.map((one) => ({
      ...one,
      metrics: one.metrics.flatMap((metric) => {
        const instrument = byName.get(metric.descriptor.name);
        if (!instrument) return [];
        return [{ ...metric, descriptor: { ...metric.descriptor, name: nameOf(instrument), unit: '' } }];
      }),
    })),
  };
}

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** A port that cannot be used is logged, and no reason not to start. */
async function serveMetrics(port: number, reader: MetricReader, log: Logger) {
  async function answer(response: ServerResponse) {
    try {
      const text = await renderMetrics(reader);
      response.writeHead(200, { 'content-type': contentType }).end(text);
    } catch {
      response.writeHead(500).end();
    }
  }

  try {
    return await listenHttp({ host: '127.0.0.1', port }, (request, response) => {
      if (request.url === '/metrics') void answer(response);
      else response.writeHead(404).end();
    });
  } catch (error) {
    log.error({ err: error, port }, 'metrics are not served');
    return undefined;
  }
}

const isHot = (instrument: AnyInstrument): instrument is HotHistogram => 'isHot' in instrument;

/** Hands the series of hot histograms to a reader. */
export function hotProducer(program: Program): MetricProducer {
  const startTime = millisToHrTime(Date.now());
  const hot = contract.filter(isHot).filter(({ programs }) => programs.includes(program));
  return {
    async collect() {
      const endTime = millisToHrTime(Date.now());
      const collected = hot.map((instrument): HistogramMetricData => {
        const { name, unit, description, buckets } = instrument;
        return {
          descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
          aggregationTemporality: AggregationTemporality.CUMULATIVE,
          dataPointType: DataPointType.HISTOGRAM,
          dataPoints: Array.from(instrument.allHot(), ({ labels, counts, sum, count }) => ({
            startTime,
            endTime,
            attributes: labels,
            value: { buckets: { boundaries: [...buckets], counts: [...counts] }, sum, count },
          })),
        };
      });
      const resourceMetrics = {
        resource: resourceFromAttributes({}),
        scopeMetrics: [{ scope, metrics: collected }],
      };
      return { resourceMetrics, errors: [] };
    },
  };
}

const ignore = () => {};

/** Reports problems at most once a minute, such as an unreachable collector: telemetry must not fill the log. */
function reportProblems(log: Logger) {
  let reportedAt = -Infinity;
  const report = (message: string) => {
    if (performance.now() - reportedAt < 60_000) return;
    reportedAt = performance.now();
    log.warn({ problem: message.slice(0, 500) }, 'telemetry could not be exported');
  };
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
