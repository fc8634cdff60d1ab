import { beforeAll, describe, expect, test } from 'vitest';
import { type Document, allows } from './support/iam-evaluator.ts';
import type { App, Manifest } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let stages: [string, App][];
beforeAll(async () => {
  production = await synthesized('production');
  stages = [
    ['production', production],
    ['staging', await synthesized('staging')],
    ['personal', await synthesized('personal')],
    ['dev', await synthesized('dev')],
  ];
});

const policy = () =>
  JSON.parse(
    production.one('iam/rolePolicy:RolePolicy', 'external-secrets-policy').inputs.policy,
  ) as Document;
const secret = (name: string) => `arn:aws:secretsmanager:eu-central-1:123456789012:secret:${name}-AbCdEf`;

/** Text that looks like a secret: a key, a token, credentials in a URL, a webhook URL. */
const secretText =
  /PRIVATE KEY|AKIA[0-9A-Z]{16}|eyJ[\w-]{10,}\.|\/\/[^/\s"]*:[^/@\s"]+@|hooks\.slack\.com|password-of-/;
/** Names of settings that hold secrets. */
const secretName = /PASSWORD|TOKEN$|SECRET|API_KEY|PRIVATE|CREDENTIAL/i;

/** All named settings of pods, from their environment or ConfigMaps. */
function settingsOf({ kind, data = {}, spec }: Manifest): [string, string][] {
  if (kind === 'ConfigMap') return Object.entries(data as Record<string, string>);
  const pod = spec?.template?.spec ?? {};
  const containers = [...(pod.containers ?? []), ...(pod.initContainers ?? [])] as {
    env?: { name: string; value?: string }[];
  }[];
  return containers.flatMap(({ env = [] }) =>
    env.map(({ name, value = '' }): [string, string] => [name, value]),
  );
}

describe('no stage reveals a secret', () => {
  test('in a ConfigMap or environment, which only refer to Secrets Manager', () => {
    for (const [stage, app] of stages) {
      for (const manifest of app.manifests) {
        for (const [name, value] of settingsOf(manifest)) {
          expect(value, `${stage} ${manifest.metadata.name} ${name}`).not.toMatch(secretText);
          const isSafe = !secretName.test(name) || /^(secretsmanager:.*)?$/.test(value);
          expect(isSafe, `${stage} ${manifest.metadata.name} ${name}`).toBe(true);
        }
      }
    }
  });

  test('in a Secret, an output, or a link', () => {
    for (const [stage, app] of stages) {
      expect(
        app.manifests.filter(({ kind }) => kind === 'Secret'),
        stage,
      ).toEqual([]);
      expect(JSON.stringify(app.outputs), stage).not.toMatch(secretText);
      expect(
        app
          .all('sst:sst:LinkRef')
          .flatMap(({ inputs }) => JSON.stringify(inputs))
          .join(),
        stage,
      ).not.toMatch(secretText);
    }
  });

  test('in the state of a deployment, since values are set in Secrets Manager by hand', () => {
    for (const [stage, app] of stages)
      expect(app.all('secretsmanager/secretVersion:SecretVersion'), stage).toEqual([]);
  });
});

test('secrets are encrypted with a key of their own, and can be restored', () => {
  const secrets = production.all('secretsmanager/secret:Secret');
  const names = secrets.map(({ inputs }) => inputs.name as string);
  expect(names.toSorted()).toEqual([
    'portfolio/production/alerting',
    'portfolio/production/encryption-keys',
    'portfolio/production/monitoring-tls',
    'portfolio/production/nginx-tls',
    'portfolio/production/sign-in',
  ]);
  for (const { inputs, options } of secrets) {
    expect(inputs.kmsKeyId).toContain('SecretsKey');
    expect(inputs.recoveryWindowInDays).toBe(30);
    expect(options.protect).toBe(true);
  }
});

test('the master password of the database rotates every week', () => {
  expect(production.one('secretsmanager/secretRotation:SecretRotation').inputs).toMatchObject({
    secretId: expect.stringContaining('secret:rds!cluster-'),
    rotationRules: { automaticallyAfterDays: 7 },
  });
});

describe('External Secrets', () => {
  test('may read the secrets that it syncs only, and change none', () => {
    const action = 'secretsmanager:GetSecretValue';
    for (const name of ['alerting', 'nginx-tls', 'monitoring-tls'])
      expect(allows(policy(), { action, resource: secret(`portfolio/production/${name}`) })).toBe(true);
    for (const other of [
      'portfolio/production/encryption-keys',
      'portfolio/production/sign-in',
      'portfolio/staging/alerting',
      'rds!cluster-Database',
      'portfolio/production-2/alerting',
    ])
      expect(allows(policy(), { action, resource: secret(other) }), other).toBe(false);
    const change = {
      action: 'secretsmanager:PutSecretValue',
      resource: secret('portfolio/production/alerting'),
    };
    expect(allows(policy(), change)).toBe(false);
  });

  test('serves two namespaces, with its own role and no access key', () => {
    const { spec } = production.manifests.find(({ kind }) => kind === 'ClusterSecretStore')!;
    expect(spec).toEqual({
      provider: { aws: { service: 'SecretsManager', region: 'eu-central-1' } },
      conditions: [{ namespaces: ['portfolio', 'monitoring'] }],
    });
    expect(production.one('helm.sh/v3:Release', 'ExternalSecrets').inputs).toMatchObject({
      namespace: 'external-secrets',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      values: { serviceAccount: { name: 'external-secrets' } },
    });
  });

  test('syncs the secrets of NGINX, Prometheus and Alertmanager, each from an existing secret', () => {
    const known = production.all('secretsmanager/secret:Secret').map(({ inputs }) => inputs.name as string);
    const synced = production.manifests.filter(({ kind }) => kind === 'ExternalSecret');
    const shape = synced.map(({ metadata, spec }) => [
      `${metadata.namespace}/${spec.target.name}`,
      spec.data.map(({ secretKey }: { secretKey: string }) => secretKey),
    ]);
    expect(shape).toEqual([
      ['portfolio/portfolio-nginx-tls', ['tls.crt', 'tls.key']],
      ['monitoring/portfolio-monitoring-tls', ['tls.crt', 'tls.key']],
      ['monitoring/alertmanager-receivers', ['slack-url', 'pagerduty-key']],
    ]);
    for (const { spec } of synced) {
      expect(spec.secretStoreRef).toEqual({ kind: 'ClusterSecretStore', name: 'secrets-manager' });
      for (const { remoteRef } of spec.data) expect(known).toContain(remoteRef.key);
    }
  });
});
