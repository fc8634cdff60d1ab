import { beforeAll, describe, expect, test } from 'vitest';
import { fillPolicy } from '../../stacks/policies/iam.ts';
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
const bucket = (name: string) => `arn:aws:s3:::${production.one('s3/bucket:Bucket', name).inputs.bucket}`;
const user = (name: string) => `arn:aws:rds-db:eu-central-1:123456789012:dbuser:cluster-DATABASE/${name}`;

/** What each account asks for in the course of its work, and what somebody who has taken it over would try. */
const cases: Record<string, { may: () => [string, string][]; mayNot: () => [string, string][] }> = {
  'portfolio-api': {
    may: () => [
      ['rds-db:connect', user('portfolio_api')],
      ['sqs:SendMessage', queue('JobsQueue')],
      ['sqs:GetQueueAttributes', queue('JobsQueue')],
      ['s3:PutObject', `${bucket('FilesBucket')}/uploads/pf_1/up_1`],
      ['s3:GetObject', `${bucket('FilesBucket')}/images/pf_1/ab`],
      ['s3:DeleteObject', `${bucket('FilesBucket')}/uploads/pf_1/up_1`],
      ['s3:AbortMultipartUpload', `${bucket('FilesBucket')}/images/pf_1/ab`],
      ['s3:ListBucket', bucket('FilesBucket')],
    ],
    mayNot: () => [
      ['rds-db:connect', user('portfolio_worker')],
      ['rds-db:connect', user('portfolio_migrator')],
      ['rds-db:connect', user('portfolio_master')],
      ['sqs:ReceiveMessage', queue('JobsQueue')],
      ['sqs:DeleteMessage', queue('JobsQueue')],
      ['sqs:PurgeQueue', queue('JobsQueue')],
      ['sqs:SendMessage', queue('DeadLettersQueue')],
      ['s3:GetObject', `${bucket('BackupsBucket')}/database/1`],
      ['s3:DeleteBucket', bucket('FilesBucket')],
      ['s3:DeleteObjectVersion', `${bucket('FilesBucket')}/images/pf_1/ab`],
      ['s3:PutBucketPolicy', bucket('FilesBucket')],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:any'],
      ['iam:PassRole', 'arn:aws:iam::123456789012:role/any'],
    ],
  },
  'portfolio-worker': {
    may: () => [
      ['rds-db:connect', user('portfolio_worker')],
      ['sqs:ReceiveMessage', queue('JobsQueue')],
      ['sqs:DeleteMessage', queue('JobsQueue')],
      ['sqs:ChangeMessageVisibility', queue('JobsQueue')],
      ['sqs:SendMessage', queue('JobsQueue')],
      ['sqs:ReceiveMessage', queue('DeadLettersQueue')],
      ['sqs:DeleteMessage', queue('DeadLettersQueue')],
      ['s3:PutObject', `${bucket('FilesBucket')}/exports/pf_1/job_1/1.pdf`],
    ],
    mayNot: () => [
      ['rds-db:connect', user('portfolio_api')],
      ['rds-db:connect', user('portfolio_master')],
      ['sqs:SendMessage', queue('DeadLettersQueue')],
      ['sqs:PurgeQueue', queue('DeadLettersQueue')],
      ['s3:GetObject', `${bucket('BackupsBucket')}/database/1`],
      ['s3:PutLifecycleConfiguration', bucket('FilesBucket')],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:any'],
    ],
  },
  'portfolio-migrator': {
    may: () => [
      ['rds-db:connect', user('portfolio_migrator')],
      [
        'secretsmanager:GetSecretValue',
        'arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!cluster-Database',
      ],
    ],
    mayNot: () => [
      ['rds-db:connect', user('portfolio_api')],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:other'],
      [
        'secretsmanager:PutSecretValue',
        'arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!cluster-Database',
      ],
      ['s3:GetObject', `${bucket('FilesBucket')}/images/pf_1/ab`],
      ['sqs:SendMessage', queue('JobsQueue')],
    ],
  },
};

describe.each(Object.keys(cases))('the role of %s', (account) => {
  test('may do what its code does', () => {
    for (const [action, resource] of cases[account]!.may())
      expect(allows(policyOf(account), { action, resource }), `${action} ${resource}`).toBe(true);
  });

  test('may do nothing else', () => {
    for (const [action, resource] of cases[account]!.mayNot())
      expect(allows(policyOf(account), { action, resource }), `${action} ${resource}`).toBe(false);
  });
});

test('a key opens secrets for the migrator only by way of Secrets Manager', () => {
  const ask = { action: 'kms:Decrypt', resource: production.one('rds/cluster:Cluster').inputs.kmsKeyId };
  const by = (service: string) => ({
    ...ask,
    context: { 'kms:ViaService': `${service}.eu-central-1.amazonaws.com` },
  });
  expect(allows(policyOf('portfolio-migrator'), by('secretsmanager'))).toBe(true);
  expect(allows(policyOf('portfolio-migrator'), by('s3'))).toBe(false);
  expect(allows(policyOf('portfolio-migrator'), ask)).toBe(false);
});

test('each role is taken on by the pods of its own service account alone', () => {
  const bindings = production
    .all('eks/podIdentityAssociation:PodIdentityAssociation')
    .map(({ inputs }) => inputs);
  const accounts = bindings.map(({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`);
  expect(new Set(accounts).size).toBe(accounts.length);
  expect(new Set(bindings.map(({ roleArn }) => roleArn)).size).toBe(bindings.length);
  for (const account of ['portfolio-api', 'portfolio-worker', 'portfolio-migrator'])
    expect(accounts).toContain(`portfolio/${account}`);
  for (const { serviceAccount } of bindings) {
    const { Statement } = JSON.parse(
      production.one('iam/role:Role', `${serviceAccount}-role`).inputs.assumeRolePolicy,
    );
    expect(Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      },
    ]);
  }
});

/** Where `*` is all that a statement can say of what it is about, and why. */
const wildcards: { actions: RegExp; isBound?: (statement: Statement) => boolean; reason: string }[] = [
  {
    actions:
      /^(ec2|elasticloadbalancing|autoscaling):Describe\w+$|^ec2:Get(InstanceTypesFromInstanceRequirements|SecurityGroupsForVpc)$/,
    reason: 'AWS names no resources for what lists them',
  },
  {
    actions: /^(ec2|elasticloadbalancing|autoscaling):\w+$/,
    isBound: ({ Condition }) =>
      /"aws:(Resource|Request)Tag\/[\w./:-]*cluster[\w-]*":"portfolio-/.test(JSON.stringify(Condition ?? {})),
    reason: 'their names are not known beforehand; a condition binds them to the tag of this cluster',
  },
  { actions: /^eks:DescribeNodegroup$/, reason: 'the autoscaler looks groups up by names that it finds' },
  {
    actions: /^acm:(List|Describe)Certificates?$/,
    reason: 'the controller looks for the certificate of a host',
  },
  {
    actions: /^(wafv2:\w+|elasticloadbalancing:SetWebAcl)$/,
    reason: 'the names of load balancers are not known beforehand',
  },
  { actions: /^(cloudwatch|tag):(Get|List)\w+$/, reason: 'metrics have no resources to name' },
  { actions: /^xray:\w+$/, reason: 'X-Ray has no resources to name for segments and sampling' },
  {
    actions: /^ecr:GetAuthorizationToken$/,
    reason: 'a token is for the registry of the account, which has no name',
  },
];

test('no policy of any stage says * but where the list above says why', () => {
  for (const [stage, app] of Object.entries(stages)) {
    const documents = app.resources
      .filter(({ type }) => /:(RolePolicy|Policy|UserPolicy)$/.test(type) && type.startsWith('aws:iam'))
      .map(({ name, inputs }) => ({ name, policy: JSON.parse(inputs.policy) as Document }));
    for (const { name, policy } of documents) {
      for (const statement of many(policy.Statement).filter(({ Effect }) => Effect === 'Allow')) {
        expect(statement.NotAction, `${stage} ${name}`).toBeUndefined();
        const actions = many(statement.Action);
        for (const action of actions) expect(action, `${stage} ${name}`).not.toContain('*');
        if (!many(statement.Resource).includes('*')) continue;
        for (const action of actions) {
          const isListed = wildcards.some(
            ({ actions: listed, isBound = () => true }) => listed.test(action) && isBound(statement),
          );
          expect(isListed, `${stage} ${name}: ${action} on *`).toBe(true);
        }
      }
    }
  }
});

test('a policy is not filled without all of its values', () => {
  expect(() => fillPolicy('keda-operator', {})).toThrow('The policy keda-operator has no value for JobsArn.');
});
