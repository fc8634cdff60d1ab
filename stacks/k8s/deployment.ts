import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment';
import { labelsOf, selectorOf } from './labels.ts';
import { podTemplate, spread } from './pod.ts';

type Workload = Parameters<typeof podTemplate>[0] & {
  namespace: string;
  /** Left out where an autoscaler decides: a rollout then leaves their number alone. */
  replicas?: number;
};

/** Replicas that are replaced a quarter at a time: none goes before another is ready in its place. */
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
