import type { INamespace } from 'kubernetes-models/v1/Namespace';
import { labelsOf } from './labels.ts';

/**
 * The namespaces of a stage, with their pod security levels. Prometheus' node exporter and Fluent Bit mount directories of
 * their nodes, which needs `privileged`. Sigstore's chart sets no seccomp profile, which needs `baseline`.
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

/** The namespaces that every Kubernetes cluster has. */
export const builtInNamespaces = ['kube-system', 'default', 'kube-public', 'kube-node-lease'] as const;

export type NamespaceName = keyof typeof namespaces | (typeof builtInNamespaces)[number];

/** A Namespace that enforces its pod security level, and reports violations in audit logs and warnings. */
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
        // Makes Sigstore's controller verify the images in this namespace only.
        ...(name === 'portfolio' && { 'policy.sigstore.dev/include': 'true' }),
        // Makes rollouts wait until load balancers have registered the new pods.
        ...(name === 'portfolio' && { 'elbv2.k8s.aws/pod-readiness-gate-inject': 'enabled' }),
      },
    },
  };
}
