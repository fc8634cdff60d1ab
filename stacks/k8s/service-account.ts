import type { IServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { labelsOf } from './labels.ts';

/** The identity of a workload in AWS, through EKS Pod Identity. It has no access to the Kubernetes API. */
export const serviceAccount = (name: string, namespace: string, component: string): IServiceAccount => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace, labels: labelsOf(name, component) },
  automountServiceAccountToken: false,
});
