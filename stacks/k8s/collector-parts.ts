import type { IContainerPort } from 'kubernetes-models/v1/ContainerPort';
import { configMap } from './config-map.ts';
import { type Part, httpProbe } from './pod.ts';

/** Between sidecars and gateway: OTLP over gRPC. */
export const otlpPort = 4317;
/** The metrics of a collector about itself. */
export const ownMetricsPort = 8888;
const health = { name: 'collector', containerPort: 13_133 };
const folder = '/etc/otelcol';
const file = 'config.yaml';

const everywhere = (port: number) => `0.0.0.0:${port}`;

/** What sidecar and gateway have in common. It refuses data before the container runs out of memory. */
export const commonParts = {
  extensions: { health_check: { endpoint: everywhere(health.containerPort) } },
  processors: { memory_limiter: { check_interval: '1s', limit_percentage: 80, spike_limit_percentage: 20 } },
  telemetry: {
    logs: { encoding: 'json' },
    metrics: {
      level: 'normal',
      readers: [{ pull: { exporter: { prometheus: { host: '0.0.0.0', port: ownMetricsPort } } } }],
    },
  },
} as const;

type Target = { name: string; namespace: string; component: string };

/** The ConfigMap of a collector. JSON is valid YAML. */
export const collectorConfig = ({ name, namespace, component }: Target, settings: object) =>
  configMap({ name, namespace, component, data: { [file]: JSON.stringify(settings, null, 2) } });

/** The container of a collector, and its volume. */
export function collectorPart(
  image: string,
  configName: string,
  {
    ports,
    resources,
    goMemoryLimit,
  }: Pick<Part, 'resources'> & { ports: IContainerPort[]; goMemoryLimit: string },
) {
  const part: Part = {
    name: 'collector',
    image,
    args: [`--config=${folder}/${file}`],
    // Below the limit of the container, so that the garbage collector works harder before data is refused.
    env: [{ name: 'GOMEMLIMIT', value: goMemoryLimit }],
    ports: [...ports, { name: 'telemetry', containerPort: ownMetricsPort }, health],
    livenessProbe: httpProbe('/', health.name, { periodSeconds: 10, failureThreshold: 3 }),
    resources,
    volumeMounts: [{ name: 'collector', mountPath: folder, readOnly: true }],
  };
  return { part, volume: { name: 'collector', configMap: { name: configName } } };
}

/** The probes of a collector that has a pod of its own, beside that of its part. */
export const gatewayProbes = {
  startupProbe: httpProbe('/', health.name, { periodSeconds: 2, failureThreshold: 30 }),
  readinessProbe: httpProbe('/', health.name, { periodSeconds: 5, failureThreshold: 2 }),
};
