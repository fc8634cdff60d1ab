import type { Cluster } from '../cluster/index.ts';
import { fillPolicy } from './policies/iam.ts';
import type { Stage } from '../stage.ts';

export type Boundary = ReturnType<typeof createBoundary>;

const github = 'token.actions.githubusercontent.com';
const deployerName = 'DeployerRole';

/**
 * What no role of a stage can do, whatever its policies say: change who may do what. Every role that is made after this
 * is made within it and under the stage's own path, so that who deploys can make no role that may do more than all roles.
 */
export function createBoundary(stage: Stage) {
  const { accountId } = aws.getCallerIdentityOutput();
  const path = `/${$app.name}/${stage.name}/`;
  const arns = {
    AccountId: accountId,
    RolesArn: $interpolate`arn:aws:iam::${accountId}:role${path}*`,
    ProfilesArn: $interpolate`arn:aws:iam::${accountId}:instance-profile${path}*`,
  };
  const { AccountId, RolesArn } = arns;
  const policy = new aws.iam.Policy('Boundary', {
    description: 'What no role of the stage can do',
    policy: $resolve({ AccountId, RolesArn }).apply((values) => fillPolicy('boundary', values)),
  });
  $transform(aws.iam.Role, (args, _, name) => {
    if (name === deployerName) return;
    args.path = path;
    args.permissionsBoundary = policy.arn;
  });
  $transform(aws.iam.InstanceProfile, (args = {}) => {
    args.path = path;
  });
  return { ...arns, BoundaryArn: policy.arn };
}

/**
 * Lets the workflows of a repository deploy the stage, from its environment of the stage's name alone: GitHub vouches for
 * them, and AWS gives keys for two hours. Changes of this role itself are made by a person. An account knows GitHub
 * once: staging and production have accounts of their own.
 */
export function createDeployer(stage: Stage, { cluster }: Cluster, boundary: Boundary) {
  if (!stage.repository) return undefined;
  const provider = new aws.iam.OpenIdConnectProvider('GitHub', {
    url: `https://${github}`,
    clientIdLists: ['sts.amazonaws.com'],
  });
  const role = new aws.iam.Role(deployerName, {
    description: `Deploys ${stage.name} for ${stage.repository}`,
    maxSessionDuration: 2 * 3600,
    assumeRolePolicy: $jsonStringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Federated: provider.arn },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              [`${github}:aud`]: 'sts.amazonaws.com',
              [`${github}:sub`]: `repo:${stage.repository}:environment:${stage.name}`,
            },
          },
        },
      ],
    }),
  });
  new aws.iam.RolePolicy('DeployerPolicy', {
    role: role.name,
    policy: $resolve(boundary).apply((values) => fillPolicy('deployer', values)),
  });
  admitToCluster(cluster, role);
  return role.arn;
}

/** Only who made the cluster is let in by itself. */
function admitToCluster(cluster: aws.eks.Cluster, role: aws.iam.Role) {
  const who = { clusterName: cluster.name, principalArn: role.arn };
  const entry = new aws.eks.AccessEntry('DeployerEntry', who);
  new aws.eks.AccessPolicyAssociation(
    'DeployerAccess',
    {
      ...who,
      policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
      accessScope: { type: 'cluster' },
    },
    { dependsOn: [entry] },
  );
}
