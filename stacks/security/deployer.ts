import type { Cluster } from '../cluster/index.ts';
import { fillPolicy } from './policies/iam.ts';
import type { Stage } from '../stage.ts';

export type Boundary = ReturnType<typeof createBoundary>;

const github = 'token.actions.githubusercontent.com';
const deployerName = 'DeployerRole';

/**
 * The permissions boundary of all roles in the stage: it denies changing permissions. Roles that are created later get
 * the boundary and the stage's path, so that the deployer cannot create a role with more permissions.
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
 * Lets GitHub workflows deploy the stage from the environment with its name, with OIDC and credentials for two hours.
 * The role cannot change itself. An account can have one OIDC provider for GitHub, so each such stage has its own account.
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
  grantClusterAccess(cluster, role);
  return role.arn;
}

/** EKS gives access only to the creator of the cluster by default. */
function grantClusterAccess(cluster: aws.eks.Cluster, role: aws.iam.Role) {
  const principal = { clusterName: cluster.name, principalArn: role.arn };
  const entry = new aws.eks.AccessEntry('DeployerEntry', principal);
  new aws.eks.AccessPolicyAssociation(
    'DeployerAccess',
    {
      ...principal,
      policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy',
      accessScope: { type: 'cluster' },
    },
    { dependsOn: [entry] },
  );
}
