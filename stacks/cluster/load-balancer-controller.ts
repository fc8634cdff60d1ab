import type { Eks } from './eks.ts';
import { bindRole } from '../security/pod-roles.ts';
import type { Namespaces } from './namespaces.ts';
import type { Network } from '../network.ts';

/** Creates load balancers from Ingresses and registers pods with them. Ingresses depend on the returned release. */
export function createLoadBalancerController(
  { cluster, provider, namespaces }: Eks & { namespaces: Namespaces },
  { vpc, groups }: Network,
): $util.Resource {
  const { region } = aws.getRegionOutput();
  const { accountId } = aws.getCallerIdentityOutput();
  const groupArn = (id: $util.Output<string>) =>
    $interpolate`arn:aws:ec2:${region}:${accountId}:security-group/${id}`;
  const role = bindRole({ cluster }, 'aws-load-balancer-controller', {
    AccountId: accountId,
    ClusterName: cluster.name,
    VpcArn: $interpolate`arn:aws:ec2:${region}:${accountId}:vpc/${vpc.id}`,
    NodesGroupArn: groupArn(groups.nodes.id),
    ClusterGroupArn: groupArn(cluster.vpcConfig.clusterSecurityGroupId),
  });
  return new kubernetes.helm.v3.Release(
    'LoadBalancerController',
    {
      name: 'aws-load-balancer-controller',
      namespace: 'kube-system',
      chart: 'aws-load-balancer-controller',
      version: '3.5.0',
      repositoryOpts: { repo: 'https://aws.github.io/eks-charts' },
      values: {
        clusterName: cluster.name,
        region,
        vpcId: vpc.id,
        serviceAccount: { name: 'aws-load-balancer-controller' },
        replicaCount: 2,
        podDisruptionBudget: { maxUnavailable: 1 },
        resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '500m', memory: '256Mi' } },
        // Otherwise no Service could be created while the controller is unavailable.
        enableServiceMutatorWebhook: false,
        enableShield: false,
        enableWaf: false,
      },
    },
    { provider, dependsOn: [role, ...namespaces] },
  );
}
