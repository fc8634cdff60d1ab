import { beforeAll, describe, expect, test } from 'vitest';
import { imageKey } from '../../packages/core/src/image/internal.ts';
import { contentKey, stagingKey } from '../../packages/core/src/upload/keys.ts';
import { fillPolicy } from '../../stacks/security/policies/iam.ts';
import { type Document, type Statement, allows, many } from './support/iam-evaluator.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let stages: Record<string, App>;
let production: App;
beforeAll(async () => {
  production = await synthesized('production');
  stages = {
    production,
    staging: await synthesized('staging'),
    personal: await synthesized('personal'),
    dev: await synthesized('dev'),
  };
});

const policyOf = (account: string) =>
  JSON.parse(production.one('iam/rolePolicy:RolePolicy', `${account}-policy`).inputs.policy) as Document;
const queue = (name: string) => {
  const { inputs } = production.one('sqs/queue:Queue', name);
  return `arn:aws:sqs:eu-central-1:123456789012:${inputs.name}`;
};
/** For each queue of jobs, these actions. */
const onJobs = (...actions: string[]) =>
  production
    .all('sqs/queue:Queue')
    .filter(({ name }) => name !== 'DeadLettersQueue')
    .flatMap(({ name }) => actions.map((action): [string, string] => [action, queue(name)]));
const bucket = (name: string) => `arn:aws:s3:::${production.one('s3/bucket:Bucket', name).inputs.bucket}`;
const file = (key: string) => `${bucket('FilesBucket')}/${key}`;
const secret = (name: string) =>
  `arn:aws:secretsmanager:eu-central-1:123456789012:secret:portfolio/production/${name}-AbCdEf`;
const user = (name: string) => `arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-DATABASE/${name}`;

/** For each account, requests that it needs, and requests that an attacker with its credentials might try. */
const cases: Record<string, { may: () => [string, string][]; mayNot: () => [string, string][] }> = {
  'portfolio-api': {
    may: () => [
      ['rds-db:connect', user('portfolio_api')],
      ...onJobs('sqs:SendMessage', 'sqs:GetQueueAttributes'),
      ['s3:PutObject', file(stagingKey('pf_1', 'up_1'))],
      ['s3:PutObject', file(contentKey('evidence', 'pf_1', 'ab'))],
      ['s3:PutObject', file(contentKey('artifacts', 'pf_1', 'ab'))],
      ['s3:PutObject', file(imageKey('pf_1', 'ab'))],
      ['s3:AbortMultipartUpload', file(contentKey('artifacts', 'pf_1', 'ab'))],
      ['s3:GetObject', file(stagingKey('pf_1', 'up_1'))],
      ['s3:GetObject', file(imageKey('pf_1', 'ab'))],
      ['s3:GetObject', file('exports/pf_1/job_1/1.pdf')],
      ['s3:GetObject', file('reports/pf_1/job_1/1.csv')],
      ['s3:ListBucket', bucket('FilesBucket')],
      ['secretsmanager:GetSecretValue', secret('encryption-keys')],
      ['secretsmanager:GetSecretValue', secret('sign-in')],
    ],
    mayNot: () => [
      ['rds-db:connect', user('portfolio_worker')],
      ['rds-db:connect', user('portfolio_migrator')],
      ['rds-db:connect', user('portfolio_master')],
      ...onJobs('sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:PurgeQueue', 'sqs:ChangeMessageVisibility'),
      ['sqs:SendMessage', queue('DeadLettersQueue')],
      ['sqs:ReceiveMessage', queue('DeadLettersQueue')],
      ['s3:PutObject', file('exports/pf_1/job_1/1.pdf')],
      ['s3:DeleteObject', file(imageKey('pf_1', 'ab'))],
      ['s3:GetObject', `${bucket('BackupsBucket')}/database/1`],
      ['s3:DeleteBucket', bucket('FilesBucket')],
      ['s3:DeleteObjectVersion', file(imageKey('pf_1', 'ab'))],
      ['s3:PutBucketPolicy', bucket('FilesBucket')],
      ['s3:ListBucketVersions', bucket('FilesBucket')],
      ['secretsmanager:PutSecretValue', secret('encryption-keys')],
      ['secretsmanager:GetSecretValue', secret('nginx-tls')],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:any'],
      ['iam:PassRole', 'arn:aws:iam::123456789012:role/any'],
    ],
  },
  'portfolio-worker': {
    may: () => [
      ['rds-db:connect', user('portfolio_worker')],
      ...onJobs('sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'),
      ['sqs:ReceiveMessage', queue('DeadLettersQueue')],
      ['sqs:DeleteMessage', queue('DeadLettersQueue')],
      ['sqs:GetQueueAttributes', queue('DeadLettersQueue')],
      ['s3:PutObject', file('exports/pf_1/job_1/1.pdf')],
      ['s3:PutObject', file('reports/pf_1/job_1/1.csv')],
      ['s3:PutObject', file(stagingKey('pf_1', 'job_1-1-0'))],
      ['s3:PutObject', file(contentKey('evidence', 'pf_1', 'ab'))],
      ['s3:GetObject', file(imageKey('pf_1', 'ab'))],
      ['s3:DeleteObject', file(contentKey('artifacts', 'pf_1', 'ab'))],
      ['s3:ListBucketVersions', bucket('FilesBucket')],
      ['s3:DeleteObjectVersion', file(imageKey('pf_1', 'ab'))],
      ['secretsmanager:GetSecretValue', secret('encryption-keys')],
    ],
    mayNot: () => [
      ['rds-db:connect', user('portfolio_api')],
      ['rds-db:connect', user('portfolio_master')],
      ...onJobs('sqs:ChangeMessageVisibility', 'sqs:PurgeQueue'),
      ['sqs:SendMessage', queue('DeadLettersQueue')],
      ['sqs:ChangeMessageVisibility', queue('DeadLettersQueue')],
      ['sqs:PurgeQueue', queue('DeadLettersQueue')],
      ['s3:PutObject', file(imageKey('pf_1', 'ab'))],
      ['s3:GetObject', `${bucket('BackupsBucket')}/database/1`],
      ['s3:DeleteObjectVersion', `${bucket('BackupsBucket')}/database/1`],
      ['s3:DeleteObjectVersion', `${bucket('FilesCopyBucket')}/${imageKey('pf_1', 'ab')}`],
      ['secretsmanager:GetSecretValue', secret('sign-in')],
      ['secretsmanager:PutSecretValue', secret('encryption-keys')],
      ['s3:PutLifecycleConfiguration', bucket('FilesBucket')],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:any'],
    ],
  },
  'portfolio-migrator': {
    may: () => [
      ['rds-db:connect', user('portfolio_migrator')],
      ['rds-db:connect', user('portfolio_master')],
      [
        'secretsmanager:GetSecretValue',
        'arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!cluster-Database',
      ],
      ['secretsmanager:DescribeSecret', secret('encryption-keys')],
      ['secretsmanager:PutSecretValue', secret('encryption-keys')],
    ],
    mayNot: () => [
      ['rds-db:connect', user('portfolio_api')],
      ['secretsmanager:GetSecretValue', secret('encryption-keys')],
      ['secretsmanager:PutSecretValue', secret('sign-in')],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:other'],
      [
        'secretsmanager:PutSecretValue',
        'arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!cluster-Database',
      ],
      ['s3:GetObject', file(imageKey('pf_1', 'ab'))],
      ...onJobs('sqs:SendMessage'),
    ],
  },
};

describe.each(Object.keys(cases))('the role of %s', (account) => {
  test('allows what its program needs', () => {
    for (const [action, resource] of cases[account]!.may())
      expect(allows(policyOf(account), { action, resource }), `${action} ${resource}`).toBe(true);
  });

  test('denies everything else', () => {
    for (const [action, resource] of cases[account]!.mayNot())
      expect(allows(policyOf(account), { action, resource }), `${action} ${resource}`).toBe(false);
  });
});

test('the API may sign in to the cache as its own user, and nothing else', () => {
  const policy = policyOf('portfolio-api-cache');
  const { replicationGroupId } = production.one('elasticache/replicationGroup:ReplicationGroup').inputs;
  const arn = 'arn:aws:elasticache:eu-central-1:123456789012';
  for (const resource of [
    `${arn}:replicationgroup:${replicationGroupId}`,
    `${arn}:user:portfolio-api-production`,
  ]) {
    expect(allows(policy, { action: 'elasticache:Connect', resource }), resource).toBe(true);
    expect(allows(policy, { action: 'elasticache:ModifyUser', resource }), resource).toBe(false);
  }
  expect(allows(policy, { action: 'elasticache:Connect', resource: `${arn}:user:default` })).toBe(false);
  expect(stages.staging!.all('iam/rolePolicy:RolePolicy').map(({ name }) => name)).not.toContain(
    'portfolio-api-cache-policy',
  );
});

test.each([
  ['portfolio-api', ['s3', 'sqs'], ['secretsmanager', 'rds']],
  ['portfolio-worker', ['s3', 'sqs'], ['secretsmanager', 'rds']],
  ['portfolio-migrator', ['secretsmanager'], ['s3', 'sqs']],
])('%s may use keys through the services that it needs, and not directly', (account, services, others) => {
  const request = { action: 'kms:Decrypt', resource: production.one('rds/cluster:Cluster').inputs.kmsKeyId };
  const by = (service: string) => ({
    ...request,
    context: { 'kms:ViaService': `${service}.eu-central-1.amazonaws.com` },
  });
  for (const service of services) expect(allows(policyOf(account), by(service)), service).toBe(true);
  for (const service of others) expect(allows(policyOf(account), by(service)), service).toBe(false);
  expect(allows(policyOf(account), request)).toBe(false);
});

test.each(['portfolio-api', 'portfolio-worker'])(
  '%s may use the key of secrets for reading them only',
  (account) => {
    const resource = production.one('secretsmanager/secret:Secret', 'encryption-keys-secret').inputs.kmsKeyId;
    const by = (service: string) => ({
      action: 'kms:Decrypt',
      resource,
      context: { 'kms:ViaService': `${service}.eu-central-1.amazonaws.com` },
    });
    expect(allows(policyOf(account), by('secretsmanager'))).toBe(true);
    expect(allows(policyOf(account), by('s3'))).toBe(false);
    expect(allows(policyOf(account), { action: 'kms:Encrypt', resource })).toBe(false);
  },
);

test('each role can be assumed by the pods of its own service account only', () => {
  const bindings = production
    .all('eks/podIdentityAssociation:PodIdentityAssociation')
    .map(({ inputs }) => inputs);
  const accounts = bindings.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
  expect(new Set(accounts).size).toBe(accounts.length);
  expect(new Set(bindings.map(({ roleArn }) => roleArn)).size).toBe(bindings.length);
  for (const account of ['portfolio-api', 'portfolio-worker', 'portfolio-migrator'])
    expect(accounts).toContain(`portfolio/${account}`);
  for (const { roleArn } of bindings) {
    const { inputs } = production.one('iam/role:Role', roleArn.split('/').at(-1));
    const { Statement } = JSON.parse(inputs.assumeRolePolicy);
    expect(Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    ]);
  }
});

/** The allowed wildcards in actions and resources, with reasons. */
const wildcards: {
  /** The names of the policies; by default those of service accounts and services. */
  policies?: RegExp;
  actions: RegExp;
  resources?: RegExp;
  isBound?: (statement: Statement) => boolean;
  reason: string;
}[] = [
  {
    actions:
      /^(ec2|elasticloadbalancing|autoscaling):Describe\w+$|^ec2:Get(InstanceTypesFromInstanceRequirements|SecurityGroupsForVpc)$/,
    reason: 'listing has no resource-level permissions',
  },
  {
    actions: /^(ec2|elasticloadbalancing|autoscaling):\w+$/,
    resources: /^\*$|^arn:aws:ec2:[\w-]+:\d+:instance\/\*$/,
    isBound: ({ Condition }) =>
      /"aws:(Resource|Request)Tag\/[\w./:-]*cluster[\w-]*":"portfolio-/.test(JSON.stringify(Condition ?? {})),
    reason: 'names are not known in advance; a condition requires the tag of this cluster',
  },
  {
    actions: /^(ec2:CreateTags|elasticloadbalancing:AddTags)$/,
    resources: /^arn:aws:(ec2|elasticloadbalancing):\*:\*:[a-z-]+\/\*$/,
    isBound: ({ Condition }) => /:CreateAction"/.test(JSON.stringify(Condition ?? {})),
    reason: 'resources may be tagged when they are created, and not later',
  },
  {
    actions: /^eks:DescribeNodegroup$/,
    resources: /^\*$|:nodegroup\/portfolio-\w+\/\*$/,
    reason: 'node group ARNs end with an ID that EKS generates',
  },
  {
    actions: /^acm:(List|Describe)Certificates?$/,
    reason: 'the controller searches for the certificate of a host',
  },
  {
    actions: /^(wafv2:\w+|elasticloadbalancing:SetWebAcl)$/,
    reason: 'the names of load balancers are not known in advance',
  },
  { actions: /^(cloudwatch|tag):(Get|List)\w+$/, reason: 'metrics have no resource-level permissions' },
  { actions: /^xray:\w+$/, reason: 'X-Ray has no resource-level permissions for what is written' },
  {
    actions: /^ecr:GetAuthorizationToken$/,
    reason: 'a token is valid for all registries of the account',
  },
  {
    actions: /^ecr:\w+$/,
    resources: /:repository\/portfolio-\w+\/\*$/,
    reason: 'all repositories of the stage',
  },
  {
    actions: /^s3:(Get|Put|Delete)Object$|^s3:DeleteObjectVersion$|^s3:AbortMultipartUpload$/,
    resources: /^arn:aws:s3:::portfolio-\w+-(files|backups)bucket-\w+\/(\w+\/)?\*$/,
    reason: 'the objects in a bucket, or below a prefix',
  },
  {
    policies: /^(Files|Backups)CopyPolicy$/,
    actions: /^s3:(GetObjectVersion(ForReplication|Acl|Tagging)|Replicate(Object|Delete|Tags))$/,
    resources: /^arn:aws:s3:::portfolio-\w+-(files|backups)(copy)?bucket-\w+\/\*$/,
    reason: 'the objects in a bucket and in its copy',
  },
  { actions: /^logs:\w+$/, resources: /loggroup\/\w+:\*$/, reason: 'the streams of a log group' },
  { actions: /^es:ESHttp(Post|Put)$/, resources: /\/\*$/, reason: 'the paths of a domain' },
  {
    actions: /^rds:DescribeDBClusterSnapshots$/,
    resources: /:cluster-snapshot:\*$/,
    reason: 'RDS generates the names of snapshots',
  },
  {
    actions: /^rds:(StartExportTask|DescribeExportTasks)$/,
    reason: 'exports have no resource-level permissions',
  },
  {
    policies: /^BackupExportPolicy$/,
    actions: /^s3:(Put|Get|Delete)Object\*$/,
    resources: /BackupsBucket[^/]*\/\*$/i,
    reason: 'the actions that AWS documents for exports, in the bucket of exports only',
  },
  {
    policies: /^ChaosPolicy$/,
    actions: /^(tag:GetResources|ec2:DescribeInstances)$/,
    reason: 'searching by tag has no resource-level permissions',
  },
  {
    policies: /^aws-load-balancer-controller-policy$/,
    actions: /^iam:CreateServiceLinkedRole$/,
    resources: /:role\/aws-service-role\/elasticloadbalancing\.amazonaws\.com\/\*$/,
    reason: 'the service-linked role that the first load balancer of an account creates',
  },
  {
    policies: /^DeployerPolicy$/,
    actions: /^secretsmanager:(?!GetSecretValue|PutSecretValue)\w+$/,
    resources: /:secret:\*$/,
    reason: 'creates the secrets of the stage, and cannot read or write their values',
  },
  {
    policies: /^DeployerPolicy$/,
    actions: /^[a-z0-9-]+:\*$/,
    reason: 'the program decides what a stage contains; another test limits the services',
  },
  {
    policies: /^(DeployerPolicy|Boundary)$/,
    actions: /^(iam:\w+\*?|ssm:\w+)$/,
    resources:
      /^\*$|(:(role|instance-profile)\/portfolio\/\w+|:parameter\/(sst|aws\/service\/bottlerocket)|:role\/aws-service-role)\/\*$/,
    isBound: ({ Action, Resource }) =>
      many(Resource)[0] !== '*' || many(Action).every((action) => /^iam:(Get|List)\*$/.test(action)),
    reason: 'the roles of the stage, whose names the program chooses; all roles may be read',
  },
];

/** The AWS managed policies in use, with their purpose. */
const managed: Record<string, string> = {
  AmazonEBSCSIDriverPolicy: 'volumes of pods; limited to volumes that the driver has tagged',
  AmazonEKSClusterPolicy: 'the control plane',
  AmazonEKSWorkerNodePolicy: 'nodes',
  AmazonEKS_CNI_Policy: 'IP addresses of pods',
  AmazonEC2ContainerRegistryPullOnly: 'pulling images',
  AmazonSSMManagedInstanceCore: 'NAT instances, created by SST in stages without managed gateways',
};

/** All inline and customer managed policies, with the names of their resources. */
function documentsOf(app: App): { name: string; policy: Document }[] {
  const iam = app.resources.filter(({ type }) => type.startsWith('aws:iam'));
  return iam.flatMap(({ name, type, inputs }) => {
    const inline = (inputs.inlinePolicies ?? []) as { policy: string }[];
    const own = /:(RolePolicy|Policy|UserPolicy|GroupPolicy)$/.test(type)
      ? [inputs as { policy: string }]
      : [];
    return [...inline, ...own].map(({ policy }) => ({ name, policy: JSON.parse(policy) as Document }));
  });
}

test('no policy of any stage has a wildcard that is not in the list above', () => {
  for (const [stage, app] of Object.entries(stages)) {
    for (const { name, policy } of documentsOf(app)) {
      for (const statement of many(policy.Statement).filter(({ Effect }) => Effect === 'Allow')) {
        expect(statement.NotAction === undefined || name === 'Boundary', `${stage} ${name}`).toBe(true);
        for (const action of many(statement.Action)) {
          for (const resource of many(statement.Resource)) {
            if (!action.includes('*') && !resource.includes('*')) continue;
            const isListed = wildcards.some(
              ({ policies = /^(?!DeployerPolicy|Boundary)/, actions, resources = /^\*$/, isBound }) =>
                policies.test(name) &&
                actions.test(action) &&
                resources.test(resource) &&
                (isBound?.(statement) ?? true),
            );
            expect(isListed, `${stage} ${name}: ${action} on ${resource}`).toBe(true);
          }
        }
      }
    }
  }
});

test('no role has an AWS managed policy that is not in the list above', () => {
  for (const app of Object.values(stages)) {
    const attached = [
      ...app.all('iam/rolePolicyAttachment:RolePolicyAttachment').map(({ inputs }) => inputs.policyArn),
      ...app.all('iam/role:Role').flatMap(({ inputs }) => inputs.managedPolicyArns ?? []),
    ];
    for (const arn of attached) expect(Object.keys(managed)).toContain(arn.split('/').at(-1));
  }
});

test('filling a policy requires exactly its placeholders', () => {
  const account = 'cluster-autoscaler';
  expect(() => fillPolicy(account, {})).toThrow(`The policy ${account} has no value for ClusterName.`);
  expect(() => fillPolicy(account, { ClusterName: 'a', FilesArn: 'b' })).toThrow(
    `The policy ${account} has no placeholder FilesArn.`,
  );
});

test('the autoscaler of pods has no role: it asks Prometheus and the API, and nothing in AWS', () => {
  const accounts = production
    .all('eks/podIdentityAssociation:PodIdentityAssociation')
    .map(({ inputs }) => inputs.namespace);
  expect(accounts).not.toContain('keda');
});
