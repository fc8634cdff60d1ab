import type { Eks } from './eks.ts';
import { bindRole } from '../security/pod-roles.ts';
import type { Namespaces } from './namespaces.ts';

type Parts = Eks & { namespaces: Namespaces };

/** Requests and limits for a container of a chart. */
const resources = (cpu: string, memory: string) => ({
  requests: { cpu, memory },
  limits: { cpu: '1', memory },
});
const budget = { maxUnavailable: 1 };

/**
 * KEDA, which scales pods by ScaledObjects, and the cluster autoscaler, which adds nodes for pods that cannot be
 * scheduled. Returns the release of KEDA, which ScaledObjects depend on.
 */
export function createScaling({ cluster, provider, namespaces }: Parts) {
  createNodeScaling({ cluster, provider, namespaces });
  return new kubernetes.helm.v3.Release(
    'Keda',
    {
      name: 'keda',
      namespace: 'keda',
      chart: 'keda',
      version: '2.20.2',
      repositoryOpts: { repo: 'https://kedacore.github.io/charts' },
      values: {
        watchNamespace: 'portfolio',
        operator: { replicaCount: 2 },
        metricsServer: { replicaCount: 2 },
        webhooks: { replicaCount: 2, failurePolicy: 'Fail' },
        podDisruptionBudget: { operator: budget, metricServer: budget, webhooks: budget },
        resources: {
          operator: resources('100m', '256Mi'),
          metricServer: resources('100m', '256Mi'),
          webhooks: resources('50m', '128Mi'),
        },
        prometheus: {
          operator: { enabled: true },
          metricServer: { enabled: true },
          webhooks: { enabled: true },
        },
      },
    },
    { provider, dependsOn: namespaces },
  );
}

/** The version of the autoscaler must match that of Kubernetes, since it simulates the scheduler. */
function createNodeScaling({ cluster, provider, namespaces }: Parts) {
  const role = bindRole({ cluster }, 'cluster-autoscaler', { ClusterName: cluster.name });
  new kubernetes.helm.v3.Release(
    'ClusterAutoscaler',
    {
      name: 'cluster-autoscaler',
      namespace: 'kube-system',
      chart: 'cluster-autoscaler',
      version: '9.59.0',
      repositoryOpts: { repo: 'https://kubernetes.github.io/autoscaler' },
      values: {
        nameOverride: 'cluster-autoscaler',
        fullnameOverride: 'cluster-autoscaler',
        // EKS adds the tags for auto-discovery to the Auto Scaling groups of managed node groups.
        autoDiscovery: { clusterName: cluster.name },
        awsRegion: aws.getRegionOutput().region,
        rbac: { serviceAccount: { name: 'cluster-autoscaler' } },
        replicaCount: 2,
        resources: resources('100m', '512Mi'),
        extraArgs: { 'balance-similar-node-groups': true, 'skip-nodes-with-system-pods': false },
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65_532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containerSecurityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    },
    { provider, dependsOn: [role, ...namespaces] },
  );
}
