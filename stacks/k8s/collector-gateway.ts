import type { IService } from 'kubernetes-models/v1/Service';
import {
  collectorConfig,
  collectorPart,
  commonParts,
  gatewayProbes,
  otlpPort,
  ownMetricsPort,
} from './collector-parts.ts';
import { deployment } from './deployment.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { labelsOf, selectorOf } from './labels.ts';
import { apiLatencyP95 } from './latency.ts';
import { podMonitor } from './pod-monitor.ts';
import { serviceAccount } from './service-account.ts';

const name = 'otel-collector';
const namespace = 'tracing';
const component = 'trace-collector';

/** Resolves to the addresses of all ready pods. */
export const gatewayHost = `${name}.${namespace}.svc.cluster.local`;

const nanoseconds = (seconds: number) => seconds * 1_000_000_000;
const longerThan = (seconds: number) => `end_time_unix_nano - start_time_unix_nano > ${nanoseconds(seconds)}`;

/** Attempts of jobs that take longer are kept. */
const slowAttemptSeconds = 10;

/** A trace is kept if one of these holds: all that failed or was slow, and a share of what is usual. */
const policies = [
  { name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
  {
    name: 'slow',
    type: 'ottl_condition',
    ottl_condition: {
      error_mode: 'ignore',
      span: [
        `kind == SPAN_KIND_SERVER and ${longerThan(apiLatencyP95.objectiveSeconds)}`,
        `kind == SPAN_KIND_CONSUMER and ${longerThan(slowAttemptSeconds)}`,
      ],
    },
  },
  { name: 'share', type: 'probabilistic', probabilistic: { sampling_percentage: 10 } },
];

/** The configuration of the gateway: it decides which traces are kept, and sends these to X-Ray's endpoint for OTLP. */
export const gatewaySettings = (region: string) => ({
  extensions: { ...commonParts.extensions, sigv4auth: { region, service: 'xray' } },
  receivers: {
    otlp: { protocols: { grpc: { endpoint: `0.0.0.0:${otlpPort}`, max_recv_msg_size_mib: 8 } } },
  },
  processors: {
    ...commonParts.processors,
    tail_sampling: {
      decision_wait: '30s',
      num_traces: 20_000,
      // A job may run long after its request. Its spans follow a trace that was kept; else they are decided about anew.
      decision_cache: { sampled_cache_size: 100_000 },
      policies,
    },
  },
  exporters: {
    otlphttp: {
      traces_endpoint: `https://xray.${region}.amazonaws.com/v1/traces`,
      auth: { authenticator: 'sigv4auth' },
      compression: 'gzip',
      // The endpoint refuses requests of more than 5 MB.
      sending_queue: {
        enabled: true,
        sizer: 'bytes',
        queue_size: 64 * 1024 * 1024,
        batch: { flush_timeout: '5s', min_size: 1_000_000, max_size: 4_000_000 },
      },
    },
  },
  service: {
    extensions: ['health_check', 'sigv4auth'],
    telemetry: commonParts.telemetry,
    pipelines: {
      traces: {
        receivers: ['otlp'],
        processors: ['memory_limiter', 'tail_sampling'],
        exporters: ['otlphttp'],
      },
    },
  },
});

/** All Kubernetes objects of the gateway, which gets the spans of all sidecars. */
export function gatewayObjects({ image, region }: { image: string; region: string }) {
  const config = collectorConfig({ name, namespace, component }, gatewaySettings(region));
  const { part, volume } = collectorPart(image, config.metadata.name, {
    ports: [{ name: 'otlp', containerPort: otlpPort }],
    resources: { cpu: '100m', cpuLimit: '1', memory: '512Mi' },
    goMemoryLimit: '410MiB',
  });
  return {
    serviceAccount: serviceAccount(name, namespace, component),
    config,
    disruptionBudget: disruptionBudget(name, namespace, component),
    monitor: podMonitor(name, namespace, component, [{ port: 'telemetry' }]),
    service,
    deployment: deployment({
      name,
      namespace,
      component,
      nodes: 'system',
      replicas: 2,
      volumes: [volume],
      containers: [{ ...part, ...gatewayProbes }],
    }),
  };
}

/** Headless: the sidecars choose the pod of a trace themselves. */
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: labelsOf(name, component) },
  spec: {
    clusterIP: 'None',
    selector: selectorOf(name),
    ports: [
      { name: 'otlp', port: otlpPort, targetPort: 'otlp' },
      { name: 'telemetry', port: ownMetricsPort, targetPort: 'telemetry' },
    ],
  },
} satisfies IService;
