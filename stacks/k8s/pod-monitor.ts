import type { IPodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { labelsOf, selectorOf } from './labels.ts';

/** Makes Prometheus scrape the collectors of a workload's pods. The job label is the name of the workload. */
export const podMonitor = (name: string, namespace: string, component: string) =>
  ({
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name, namespace, labels: labelsOf(name, component) },
    spec: {
      jobLabel: 'app.kubernetes.io/name',
      selector: { matchLabels: selectorOf(name) },
      podMetricsEndpoints: [{ port: 'metrics', interval: '15s' }],
    },
  }) satisfies IPodMonitor;
