import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { labelsOf, selectorOf } from './labels.ts';

/**
 * Allows one pod at a time to be evicted. `maxUnavailable` works for any number of replicas and never blocks draining a
 * node. Pods that are not ready may always be evicted.
 */
export const disruptionBudget = (
  name: string,
  namespace: string,
  component: string,
): IPodDisruptionBudget => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name, namespace, labels: labelsOf(name, component) },
  spec: {
    maxUnavailable: 1,
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
    selector: { matchLabels: selectorOf(name) },
  },
});
