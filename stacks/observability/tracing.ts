import type { Cluster } from '../cluster/index.ts';
import { bindRole } from '../security/pod-roles.ts';

/** The collector that receives traces from the sidecars and exports them to X-Ray. */
export function createTracing({ cluster, provider, namespaces }: Cluster) {
  const role = bindRole({ cluster }, 'otel-collector');
  const { region } = aws.getRegionOutput();
  new kubernetes.helm.v3.Release(
    'otel-collector',
    {
      name: 'otel-collector',
      chart: 'opentelemetry-collector',
      version: '0.140.0',
      namespace: 'tracing',
      repositoryOpts: { repo: 'https://open-telemetry.github.io/opentelemetry-helm-charts' },
      values: {
        nameOverride: 'otel-collector',
        fullnameOverride: 'otel-collector',
        mode: 'deployment',
        replicaCount: 2,
        image: { repository: 'otel/opentelemetry-collector-contrib' },
        serviceAccount: { name: 'otel-collector' },
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } },
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          seccompProfile: { type: 'RuntimeDefault' },
        },
        config: {
          processors: { memory_limiter: { check_interval: '1s', limit_percentage: 80 }, batch: {} },
          exporters: { awsxray: { region } },
          service: {
            pipelines: {
              traces: {
                receivers: ['otlp'],
                processors: ['memory_limiter', 'batch'],
                exporters: ['awsxray'],
              },
            },
          },
        },
      },
    },
    { provider, dependsOn: [role, ...namespaces] },
  );
}
