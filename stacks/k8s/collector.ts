import { gatewayHost } from './collector-gateway.ts';
import { collectorConfig, collectorPart, commonParts, otlpPort } from './collector-parts.ts';

export const metricsPort = 9464;

/** Where a program sends its telemetry: to its own pod. */
const receiver = '127.0.0.1:4318';
export const collectorEndpoint = `http://${receiver}`;

/** Three exports of a program. A series that it reports no more must not be served for the five minutes of the default. */
const expiry = '45s';

const retry = { enabled: true, initial_interval: '1s', max_interval: '5s' };
const queue = { enabled: true, num_consumers: 2 };

/**
 * The configuration of the OpenTelemetry collector beside a program: it receives OTLP from its own pod only, exposes metrics
 * to Prometheus, and forwards traces. All spans of a trace go to the same pod of the gateway, which decides about the trace.
 */
export const sidecarSettings = {
  extensions: commonParts.extensions,
  receivers: { otlp: { protocols: { http: { endpoint: receiver } } } },
  processors: {
    ...commonParts.processors,
    // Prometheus names the program and the pod itself. Otherwise, each series would have labels for both twice.
    resource: { attributes: [{ pattern: '.*', action: 'delete' }] },
  },
  exporters: {
    prometheus: {
      endpoint: `0.0.0.0:${metricsPort}`,
      without_scope_info: true,
      metric_expiration: expiry,
    },
    loadbalancing: {
      routing_key: 'traceID',
      resolver: { dns: { hostname: gatewayHost, port: String(otlpPort) } },
      // To the pod of the gateway that got the trace; then to the one that has taken its place.
      protocol: {
        otlp: {
          tls: { insecure: true },
          timeout: '5s',
          retry_on_failure: { ...retry, max_elapsed_time: '15s' },
          sending_queue: { ...queue, queue_size: 100 },
        },
      },
      timeout: '5s',
      retry_on_failure: { ...retry, max_elapsed_time: '60s' },
      sending_queue: { ...queue, queue_size: 100 },
    },
  },
  service: {
    extensions: ['health_check'],
    telemetry: commonParts.telemetry,
    pipelines: {
      metrics: {
        receivers: ['otlp'],
        processors: ['memory_limiter', 'resource'],
        exporters: ['prometheus'],
      },
      traces: { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['loadbalancing'] },
    },
  },
};

/** The ConfigMap of a workload's collector. */
export const sidecarConfig = (name: string, namespace: string, component: string) =>
  collectorConfig({ name: `${name}-collector`, namespace, component }, sidecarSettings);

/** The sidecar and its volume. It has no readiness probe, so that the pod stays ready while the collector is down. */
export function collector(image: string, configName: string) {
  const { part: sidecar, volume } = collectorPart(image, configName, {
    ports: [{ name: 'metrics', containerPort: metricsPort }],
    resources: { cpu: '50m', cpuLimit: '500m', memory: '128Mi' },
    goMemoryLimit: '100MiB',
  });
  return { sidecar, volume };
}
