import type { IPodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { labelsOf, selectorOf } from './labels.ts';

type Endpoint = {
  /** The name of a container's port. */
  port: string;
  /** The job label, if it is not the name of the workload. */
  job?: string;
};

/** Makes Prometheus scrape ports of a workload's pods. */
export const podMonitor = (
  name: string,
  namespace: string,
  component: string,
  endpoints: readonly Endpoint[],
) =>
  ({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name, namespace, labels: labelsOf(name, component) },
    spec: {
      jobLabel: 'app.kubernetes.io/name',
      selector: { matchLabels: selectorOf(name) },
      podMetricsEndpoints: endpoints.map(({ port, job }) => ({
        port,
        interval: '15s',
        ...(job && { relabelings: [{ targetLabel: 'job', replacement: job }] }),
      })),
    },
  }) satisfies IPodMonitor;
