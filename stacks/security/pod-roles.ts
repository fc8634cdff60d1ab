import type { Eks } from '../cluster/eks.ts';
import { type AccountName, type PolicyName, fillPolicy } from './policies/iam.ts';

/** The namespaces of the service accounts with access to AWS. */
const namespaces: Record<AccountName, string> = {
  'portfolio-api': 'portfolio',
  'portfolio-worker': 'portfolio',
  'portfolio-migrator': 'portfolio',
  'external-secrets': 'external-secrets',
  'cloudwatch-exporter': 'monitoring',
  'fluent-bit': 'logging',
  'otel-collector': 'tracing',
  'policy-controller': 'cosign-system',
  'cluster-autoscaler': 'kube-system',
  'aws-load-balancer-controller': 'kube-system',
};

/** The trust policy of a role for pods. EKS Pod Identity tags each session with the name of its pod. */
export const podIdentityTrust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'pods.eks.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
    },
  ],
});

type Values = Record<string, $util.Input<string> | $util.Input<string>[]>;

/**
 * Creates an IAM role and binds it to a service account by EKS Pod Identity. The role has the policy with the account's
 * name in `policies/iam`, and those in `more`. Values fill placeholders; throws if one is missing or unknown.
 */
export function bindRole(
  { cluster }: Pick<Eks, 'cluster'>,
  account: AccountName,
  values: Values = {},
  more: Partial<Record<PolicyName, Values>> = {},
) {
  const role = new aws.iam.Role(`${account}-role`, { assumeRolePolicy: podIdentityTrust });
  const all = Object.entries({ ...more, [account]: values }) as [PolicyName, Values][];
  const policies = all.map(
    ([name, given]) =>
      new aws.iam.RolePolicy(`${name}-policy`, {
        role: role.name,
        policy: $resolve(given).apply((filled) => fillPolicy(name, filled)),
      }),
  );
  return new aws.eks.PodIdentityAssociation(
    `${account}-identity`,
    {
      clusterName: cluster.name,
      namespace: namespaces[account],
      serviceAccount: account,
      roleArn: role.arn,
    },
    { dependsOn: policies },
  );
}
