import type { IPodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { labelsOf, selectorOf } from './labels.ts';

/** Has Prometheus read what the collector beside each pod of a workload shows, as the job of the workload's name. */
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
