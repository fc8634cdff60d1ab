import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { labelsOf, selectorOf } from './labels.ts';
import { podTemplate, spread } from './pod.ts';

type Workload = Parameters<typeof podTemplate>[0] & {
  namespace: string;
  /** Omitted if an autoscaler sets it, so that a deployment does not reset the number of pods. */
  replicas?: number;
};

/** A Deployment that replaces a quarter of its pods at a time, and stops none before its replacement is ready. */
export function deployment({ namespace, replicas, ...pod }: Workload) {
  const template = podTemplate(pod);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: pod.name, namespace, labels: labelsOf(pod.name, pod.component) },
    spec: {
      ...(replicas !== undefined && { replicas }),
      selector: { matchLabels: selectorOf(pod.name) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      minReadySeconds: 5,
      revisionHistoryLimit: 5,
      template: {
        ...template,
        spec: { ...template.spec, topologySpreadConstraints: spread(pod.name) },
      },
    },
  } satisfies IDeployment;
}
