import { beforeAll, describe, expect, test } from 'vitest';
import { type Request, type Document, allows, many } from './support/iam-evaluator.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
let personal: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
  personal = await synthesized('personal');
});

const account = 'arn:aws:iam::123456789012';
const roles = `${account}:role/portfolio/production`;
const boundary = `${account}:policy/Boundary`;
const policyOf = (type: string, name: string) =>
  JSON.parse(production.one(`aws:iam/${type}`, name).inputs.policy) as Document;
const deployerMay = (request: Request) =>
  allows(policyOf('rolePolicy:RolePolicy', 'DeployerPolicy'), request);

describe('the deployer', () => {
  test("can only be assumed by the repository's workflows in the environment of the stage", () => {
    for (const [stage, app] of [
      ['production', production],
      ['staging', staging],
    ] as const) {
      const provider = app.one('aws:iam/openIdConnectProvider:OpenIdConnectProvider');
      expect(provider.inputs).toMatchObject({
        url: 'https://token.actions.githubusercontent.com',
        clientIdLists: ['sts.amazonaws.com'],
      });
      const { Statement } = JSON.parse(app.one('iam/role:Role', 'DeployerRole').inputs.assumeRolePolicy);
      expect(Statement).toEqual([
        {
          Effect: 'Allow',
          Principal: { Federated: expect.stringContaining('GitHub') },
          Action: 'sts:AssumeRoleWithWebIdentity',
          Condition: {
            StringEquals: {
              'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
              'token.actions.githubusercontent.com:sub': `repo:example@1001/portfolio-api-platform@2002:environment:${stage}`,
            },
          },
        },
      ]);
    }
  });

  test('has access to the cluster, and does not exist in personal stages', () => {
    const { principalArn } = production.one('eks/accessEntry:AccessEntry').inputs;
    expect(principalArn).toContain('DeployerRole');
    expect(production.one('eks/accessPolicyAssociation:AccessPolicyAssociation').inputs).toMatchObject({
      principalArn,
      policyArn: expect.stringContaining('AmazonEKSClusterAdminPolicy'),
      accessScope: { type: 'cluster' },
    });
    expect(personal.all('OpenIdConnectProvider')).toEqual([]);
    expect(personal.all('iam/role:Role').map(({ name }) => name)).not.toContain('DeployerRole');
  });

  test.each<[string, Request]>([
    [
      'create a role with the boundary',
      {
        action: 'iam:CreateRole',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'set the policy of such a role',
      {
        action: 'iam:PutRolePolicy',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'pass it to pods',
      {
        action: 'iam:PassRole',
        resource: `${roles}/a`,
        context: { 'iam:PassedToService': 'pods.eks.amazonaws.com' },
      },
    ],
    [
      'read the state of deployments',
      {
        action: 'ssm:GetParameter',
        resource: 'arn:aws:ssm:eu-central-1:123456789012:parameter/sst/bootstrap',
      },
    ],
    [
      'sign an image',
      { action: 'kms:Sign', resource: 'arn:aws:kms:eu-central-1:123456789012:key/SigningKey' },
    ],
  ])('may %s', (_, request) => {
    expect(deployerMay(request)).toBe(true);
  });

  test.each<[string, Request]>([
    ['create a role without a boundary', { action: 'iam:CreateRole', resource: `${roles}/a` }],
    [
      'create a role with another boundary',
      {
        action: 'iam:CreateRole',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      },
    ],
    [
      'remove the boundary from a role',
      {
        action: 'iam:DeleteRolePermissionsBoundary',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'create a role of another stage',
      {
        action: 'iam:CreateRole',
        resource: `${account}:role/portfolio/staging/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'change its own policy',
      {
        action: 'iam:PutRolePolicy',
        resource: `${account}:role/DeployerRole`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'change its own trust policy',
      { action: 'iam:UpdateAssumeRolePolicy', resource: `${account}:role/DeployerRole` },
    ],
    ['change the boundary', { action: 'iam:CreatePolicyVersion', resource: boundary }],
    ['create a user', { action: 'iam:CreateUser', resource: `${account}:user/a` }],
    ['create an access key', { action: 'iam:CreateAccessKey', resource: `${account}:user/a` }],
    [
      'pass a role to a service that no stage uses',
      {
        action: 'iam:PassRole',
        resource: `${roles}/a`,
        context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      },
    ],
    [
      'read the value of a secret',
      {
        action: 'secretsmanager:GetSecretValue',
        resource: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:portfolio/production/alerting-a',
      },
    ],
    ['assume a role', { action: 'sts:AssumeRole', resource: `${roles}/a` }],
    [
      'read other parameters',
      { action: 'ssm:GetParameter', resource: 'arn:aws:ssm:eu-central-1:123456789012:parameter/other' },
    ],
    ['leave the organization', { action: 'organizations:LeaveOrganization', resource: '*' }],
  ])('may not %s', (_, request) => {
    expect(deployerMay(request)).toBe(false);
  });

  test('has access to exactly the services that the stages use', () => {
    const used = new Set(
      [production, staging].flatMap((app) =>
        app.resources.flatMap(({ type }) => {
          const [, module] = /^aws:([\w-]+)\//.exec(type) ?? [];
          return module && !heldApart.includes(module) ? serviceOf(type, module) : [];
        }),
      ),
    );
    const [statement] = many(policyOf('rolePolicy:RolePolicy', 'DeployerPolicy').Statement);
    const allowed = many(statement!.Action).map((action) => action.replace(':*', ''));
    expect(allowed).toEqual([...used].toSorted());
  });
});

test('the deployer can pass roles only to services that assume roles of the stages', () => {
  const statements = many(policyOf('rolePolicy:RolePolicy', 'DeployerPolicy').Statement);
  const allowed = statements.find(({ Action }) => many(Action).includes('iam:PassRole'))!.Condition!;
  const taken = [production, staging].flatMap((app) =>
    app.all('iam/role:Role').flatMap(({ inputs }) => {
      const trust = inputs.assumeRolePolicy as string | Document;
      const { Statement } = typeof trust === 'string' ? (JSON.parse(trust) as Document) : trust;
      return many(Statement).flatMap(({ Principal }) => many((Principal as { Service?: string }).Service));
    }),
  );
  // The state machine passes the exporter's role, and not the deployer.
  const services = new Set(taken.filter((service) => service !== 'export.rds.amazonaws.com'));
  expect(allowed.StringEquals!['iam:PassedToService']).toEqual([...services].toSorted());
});

/** Services with statements of their own, which do not allow all actions. */
const heldApart = ['iam', 'secretsmanager'];

/** The IAM prefix of a resource's service, which may differ from Pulumi's module. */
function serviceOf(type: string, module: string): string {
  if (type.startsWith('aws:cloudwatch/log')) return 'logs';
  const others: Record<string, string> = {
    alb: 'elasticloadbalancing',
    cfg: 'config',
    lb: 'elasticloadbalancing',
    opensearch: 'es',
    sfn: 'states',
    vpc: 'ec2',
  };
  return others[module] ?? module;
}

describe('the boundary', () => {
  test('is set for every role of every stage except the deployer, and roles have the path of their stage', () => {
    for (const [stage, app] of [
      ['production', production],
      ['staging', staging],
      ['personal', personal],
    ] as const) {
      const made = app.all('iam/role:Role').filter(({ name }) => name !== 'DeployerRole');
      expect(made.length).toBeGreaterThan(5);
      for (const { name, inputs } of made) {
        expect(inputs.permissionsBoundary, `${stage} ${name}`).toBe(boundary);
        expect(inputs.path, `${stage} ${name}`).toBe(`/portfolio/${stage}/`);
      }
      for (const { inputs } of app.all('InstanceProfile')) expect(inputs.path).toBe(`/portfolio/${stage}/`);
    }
  });

  test.each<[boolean, string, Request]>([
    [true, 'use its own permissions', { action: 's3:GetObject', resource: 'arn:aws:s3:::files/a' }],
    [false, 'create a role', { action: 'iam:CreateRole', resource: `${roles}/a` }],
    [false, 'set the policy of a role', { action: 'iam:PutRolePolicy', resource: `${roles}/a` }],
    [false, 'assume another role', { action: 'sts:AssumeRole', resource: `${account}:role/DeployerRole` }],
    [
      true,
      'pass the exporter role to RDS',
      {
        action: 'iam:PassRole',
        resource: `${roles}/a`,
        context: { 'iam:PassedToService': 'export.rds.amazonaws.com' },
      },
    ],
    [
      false,
      'pass a role to an instance',
      {
        action: 'iam:PassRole',
        resource: `${roles}/a`,
        context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
      },
    ],
  ])('%s: a role may %s', (expected, _, request) => {
    expect(allows(policyOf('policy:Policy', 'Boundary'), request)).toBe(expected);
  });

  test('allows everything that the policies of the roles allow', () => {
    const within = policyOf('policy:Policy', 'Boundary');
    const policies = production
      .all('aws:iam/rolePolicy:RolePolicy')
      .filter(({ name }) => name !== 'DeployerPolicy');
    for (const { name, inputs } of policies) {
      const { Statement } = JSON.parse(inputs.policy) as Document;
      for (const { Action, Resource } of many(Statement)) {
        for (const action of many(Action)) {
          const [resource = ''] = many(Resource);
          const context = { 'iam:PassedToService': 'export.rds.amazonaws.com' };
          expect(allows(within, { action, resource, context }), `${name}: ${action}`).toBe(true);
        }
      }
    }
  });
});

test('images are signed by digest with the key of the stage before anything uses them', () => {
  const signatures = production.all('command:local:Command');
  const images = production.all('docker-build:index:Image');
  expect(signatures).toHaveLength(images.length);
  for (const { inputs } of signatures) {
    expect(inputs.create).toMatch(/\/stacks\/images\/sign$/);
    expect(inputs.environment.IMAGE).toMatch(/\/portfolio-production\/\w+:\w+@sha256:[0-9a-f]{64}$/);
    expect(inputs.environment.SIGNING_KEY).toMatch(/^arn:aws:kms:.*SigningKey$/);
  }
});
