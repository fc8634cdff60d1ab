import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { labelsOf } from './labels.ts';

/** Who a workload is to AWS, by an association of EKS Pod Identity. It has no business with Kubernetes' own API. */
export const serviceAccount = (name: string, namespace: string, component: string): IServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace, labels: labelsOf(name, component) },
  automountServiceAccountToken: false,
});
