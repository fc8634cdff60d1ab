import { configMap } from './config-map.ts';
import { type Part, httpProbe } from './pod.ts';

export const metricsPort = 9464;
const healthPort = 13_133;
const folder = '/etc/otelcol';

/** The cluster's own collector, created in stacks/observability/tracing.ts. */
const traces = 'otel-collector.tracing.svc.cluster.local:4317';

/**
 * The configuration of the OpenTelemetry collector beside a program: it receives OTLP from its own pod only, exposes
 * metrics to Prometheus, and forwards traces. Written as JSON, which is valid YAML.
 */
const settings = {
  extensions: { health_check: { endpoint: `0.0.0.0:${healthPort}` } },
  receivers: { otlp: { protocols: { http: { endpoint: '127.0.0.1:4318' } } } },
  processors: {
    memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 20 },
    batch: {},
  },
  exporters: {
    prometheus: { endpoint: `0.0.0.0:${metricsPort}` },
    otlp: { endpoint: traces, tls: { insecure: true } },
  },
  service: {
    extensions: ['health_check'],
    telemetry: { logs: { encoding: 'json' }, metrics: { level: 'none' } },
    pipelines: {
      metrics: {
        receivers: ['otlp'],
        processors: ['memory_limiter', 'batch'],
        exporters: ['prometheus'],
      },
      traces: { receivers: ['otlp'], processors: ['memory_limiter', 'batch'], exporters: ['otlp'] },
    },
  },
};

/** The ConfigMap of a workload's collector. */
export const collectorConfig = (name: string, namespace: string, component: string) =>
  configMap({
    name: `${name}-collector`,
    namespace,
    component,
    data: { 'config.yaml': JSON.stringify(settings, null, 2) },
  });

/** The sidecar and its volume. It has no readiness probe, so that the pod stays ready while the collector is down. */
export function collector(image: string, configName: string) {
  const sidecar: Part = {
    name: 'collector',
    image,
    args: [`--config=${folder}/config.yaml`],
    ports: [{ name: 'metrics', containerPort: metricsPort }],
    livenessProbe: httpProbe('/', healthPort, { periodSeconds: 10, failureThreshold: 3 }),
    resources: { cpu: '50m', cpuLimit: '500m', memory: '128Mi' },
    volumeMounts: [{ name: 'collector', mountPath: folder, readOnly: true }],
  };
  return { sidecar, volume: { name: 'collector', configMap: { name: configName } } };
}
