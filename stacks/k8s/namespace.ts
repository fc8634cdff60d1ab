import type { INamespace } from 'kubernetes-models/v1/Namespace';
import { labelsOf } from './labels.ts';

/**
 * The namespaces that a stage makes, with the level of Kubernetes' pod security standards that holds in each. Those of
 * Prometheus' node exporter and of Fluent Bit read the nodes they run on; Sigstore's chart sets no seccomp profile.
 */
export const namespaces = {
  portfolio: 'restricted',
  monitoring: 'privileged',
  logging: 'privileged',
  tracing: 'restricted',
  'external-secrets': 'restricted',
  keda: 'restricted',
  'gatekeeper-system': 'restricted',
  'cosign-system': 'baseline',
} as const;

/** Those that are there before, and hold pods of the cluster itself, or none. */
export const givenNamespaces = ['kube-system', 'default', 'kube-public', 'kube-node-lease'] as const;

export type NamespaceName = keyof typeof namespaces | (typeof givenNamespaces)[number];

/** A namespace, in which pods that break the level are neither admitted nor unnoticed. */
export function namespace(name: keyof typeof namespaces): INamespace {
  const level = namespaces[name];
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      labels: {
        ...labelsOf(name, 'namespace'),
        'pod-security.kubernetes.io/enforce': level,
        'pod-security.kubernetes.io/audit': level,
        'pod-security.kubernetes.io/warn': level,
        // Where Sigstore's controller looks at images: it does so nowhere else.
        ...(name === 'portfolio' && { 'policy.sigstore.dev/include': 'true' }),
        // Rollouts wait until load balancers send to the new pods.
        ...(name === 'portfolio' && { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' }),
      },
    },
  };
}
