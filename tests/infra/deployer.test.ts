import { beforeAll, describe, expect, test } from 'vitest';
import { type Ask, type Document, allows, many } from './support/iam-evaluator.ts';
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
const deployerMay = (ask: Ask) => allows(policyOf('rolePolicy:RolePolicy', 'DeployerPolicy'), ask);

describe('who deploys', () => {
  test("is a run of the repository's workflows in the environment of the stage, and nobody else", () => {
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

  test("is let into the cluster; a developer's own stage knows no deployer", () => {
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

  test.each<[string, Ask]>([
    [
      'make a role within the boundary',
      {
        action: 'iam:CreateRole',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'say what such a role may do',
      {
        action: 'iam:PutRolePolicy',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'hand it to pods',
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
  ])('may %s', (_, ask) => {
    expect(deployerMay(ask)).toBe(true);
  });

  test.each<[string, Ask]>([
    ['make a role without a boundary', { action: 'iam:CreateRole', resource: `${roles}/a` }],
    [
      'make one within another boundary',
      {
        action: 'iam:CreateRole',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': 'arn:aws:iam::aws:policy/AdministratorAccess' },
      },
    ],
    [
      'take the boundary from a role',
      {
        action: 'iam:DeleteRolePermissionsBoundary',
        resource: `${roles}/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'make a role of another stage',
      {
        action: 'iam:CreateRole',
        resource: `${account}:role/portfolio/staging/a`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'change what it may do itself',
      {
        action: 'iam:PutRolePolicy',
        resource: `${account}:role/DeployerRole`,
        context: { 'iam:PermissionsBoundary': boundary },
      },
    ],
    [
      'change who it may be',
      { action: 'iam:UpdateAssumeRolePolicy', resource: `${account}:role/DeployerRole` },
    ],
    ['change the boundary', { action: 'iam:CreatePolicyVersion', resource: boundary }],
    ['make a user', { action: 'iam:CreateUser', resource: `${account}:user/a` }],
    ['make a key that lasts', { action: 'iam:CreateAccessKey', resource: `${account}:user/a` }],
    [
      'hand a role to a service that no stage has',
      {
        action: 'iam:PassRole',
        resource: `${roles}/a`,
        context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
      },
    ],
    [
      'read a secret that it has made',
      {
        action: 'secretsmanager:GetSecretValue',
        resource: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:portfolio/production/alerting-a',
      },
    ],
    ['take on a role', { action: 'sts:AssumeRole', resource: `${roles}/a` }],
    [
      'read other parameters',
      { action: 'ssm:GetParameter', resource: 'arn:aws:ssm:eu-central-1:123456789012:parameter/other' },
    ],
    ['leave the organization', { action: 'organizations:LeaveOrganization', resource: '*' }],
  ])('may not %s', (_, ask) => {
    expect(deployerMay(ask)).toBe(false);
  });

  test('may make what the stages hold, and uses no service for anything else', () => {
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

test('who deploys hands roles to those services alone that take on roles of the stages', () => {
  const statements = many(policyOf('rolePolicy:RolePolicy', 'DeployerPolicy').Statement);
  const allowed = statements.find(({ Action }) => many(Action).includes('iam:PassRole'))!.Condition!;
  const taken = [production, staging].flatMap((app) =>
    app.all('iam/role:Role').flatMap(({ inputs }) => {
      const trust = inputs.assumeRolePolicy as string | Document;
      const { Statement } = typeof trust === 'string' ? (JSON.parse(trust) as Document) : trust;
      return many(Statement).flatMap(({ Principal }) => many((Principal as { Service?: string }).Service));
    }),
  );
  // The exporter is handed on by the machine that starts exports.
  const services = new Set(taken.filter((service) => service !== 'export.rds.amazonaws.com'));
  expect(allowed.StringEquals!['iam:PassedToService']).toEqual([...services].toSorted());
});

/** Of these, not all may be done: what may be has statements of its own. */
const heldApart = ['iam', 'secretsmanager'];

/** What IAM calls the service of a resource, where Pulumi calls it something else. */
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
  test('is around every role of every stage but the deployer, and they are under the path of their stage', () => {
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

  test.each<[boolean, string, Ask]>([
    [true, 'use what its own policy names', { action: 's3:GetObject', resource: 'arn:aws:s3:::files/a' }],
    [false, 'make a role', { action: 'iam:CreateRole', resource: `${roles}/a` }],
    [false, 'say what a role may do', { action: 'iam:PutRolePolicy', resource: `${roles}/a` }],
    [false, 'take on another role', { action: 'sts:AssumeRole', resource: `${account}:role/DeployerRole` }],
    [
      true,
      'hand the exporter to RDS',
      {
        action: 'iam:PassRole',
        resource: `${roles}/a`,
        context: { 'iam:PassedToService': 'export.rds.amazonaws.com' },
      },
    ],
    [
      false,
      'hand a role to a machine',
      {
        action: 'iam:PassRole',
        resource: `${roles}/a`,
        context: { 'iam:PassedToService': 'ec2.amazonaws.com' },
      },
    ],
  ])('%s: a role may %s', (expected, _, ask) => {
    expect(allows(policyOf('policy:Policy', 'Boundary'), ask)).toBe(expected);
  });

  test('lets pass all that the policies within it allow', () => {
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

test('images are signed before anything is told their names, each by its digest and with the key of the stage', () => {
  const signatures = production.all('command:local:Command');
  const images = production.all('docker-build:index:Image');
  expect(signatures).toHaveLength(images.length);
  for (const { inputs } of signatures) {
    expect(inputs.create).toMatch(/\/stacks\/images\/sign$/);
    expect(inputs.environment.IMAGE).toMatch(/\/portfolio-production\/\w+:\w+@sha256:[0-9a-f]{64}$/);
    expect(inputs.environment.SIGNING_KEY).toMatch(/^arn:aws:kms:.*SigningKey$/);
  }
});
