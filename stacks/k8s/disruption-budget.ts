import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { labelsOf, selectorOf } from './labels.ts';

/**
 * Lets nodes be drained pod by pod. Told by what may be missing and not by what must be there, it holds for any number
 * of replicas and never stops a drain; a pod that is not ready anyway protects nobody.
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
