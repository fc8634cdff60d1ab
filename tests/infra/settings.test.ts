import { beforeAll, describe, expect, test } from 'vitest';
import {
  apiSettings,
  migrationSettings,
  readSettings,
  workerSettings,
} from '../../packages/core/src/runtime/settings.ts';
import { jobKinds } from '../../packages/core/src/job/kinds.ts';
import { configMap } from '../../stacks/k8s/config-map.ts';
import { apiEnvironment, workerEnvironment } from '../../stacks/k8s/environment.ts';
import { stageOf } from '../../stacks/stage.ts';
import { environmentOf, ofKind, workloadsOf } from './support/workloads.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

const stages = ['production', 'staging', 'personal'] as const;
const apps = {} as Record<(typeof stages)[number], App>;
beforeAll(async () => {
  for (const stage of stages) apps[stage] = await synthesized(stage);
});

const schemas = {
  'portfolio-api': apiSettings,
  'portfolio-worker': workerSettings,
  'portfolio-migrator': migrationSettings,
};

/** The environment of the pods of a service account. */
function environment(app: App, account: string): Record<string, string> {
  const workload = workloadsOf(app).find(({ template }) => template.spec.serviceAccountName === account);
  return environmentOf(app, workload!);
}

describe.each(stages)('%s', (stage) => {
  test.each(Object.entries(schemas))('the settings of %s are valid', (account, schema) => {
    const given = environment(apps[stage], account);
    expect(() => readSettings(schema, given)).not.toThrow();
    for (const name of Object.keys(given)) expect(Object.keys(schema.shape)).toContain(name);
  });

  test('each program signs in to the database as its own user, with IAM tokens and verified TLS', () => {
    const users = Object.keys(schemas).map((account) => {
      const { DATABASE_URL, DATABASE_AUTH, DATABASE_TLS } = environment(apps[stage], account);
      expect({ DATABASE_AUTH, DATABASE_TLS }).toEqual({ DATABASE_AUTH: 'iam', DATABASE_TLS: 'verify' });
      return new URL(DATABASE_URL!).username;
    });
    expect(users).toEqual(['portfolio_api', 'portfolio_worker', 'portfolio_migrator']);
  });

  test('analytical reads use the reader, and everything else the writer', () => {
    for (const account of ['portfolio-api', 'portfolio-worker']) {
      const { DATABASE_URL, DATABASE_READER_URL } = environment(apps[stage], account);
      expect(new URL(DATABASE_READER_URL!).hostname).toContain('.cluster-ro-');
      expect(new URL(DATABASE_URL!).hostname).not.toContain('.cluster-ro-');
    }
  });

  test('the API signs in to the shared cache with IAM tokens, in stages that have one', () => {
    const groups = apps[stage].all('elasticache/replicationGroup:ReplicationGroup');
    const { CACHE_URL, CACHE_REPLICATION_GROUP } = environment(apps[stage], 'portfolio-api');
    expect(CACHE_REPLICATION_GROUP).toBe(groups[0]?.inputs.replicationGroupId);
    expect(CACHE_URL === undefined).toBe(groups.length === 0);
    for (const { inputs } of groups) {
      const [user] = apps[stage].all('elasticache/user:User');
      expect(new URL(CACHE_URL!)).toMatchObject({ protocol: 'rediss:', username: user!.inputs.userName });
      expect(user!.inputs).toMatchObject({
        authenticationMode: { type: 'iam' },
        userId: user!.inputs.userName,
      });
      expect(inputs.userGroupIds).toEqual([
        apps[stage].one('elasticache/userGroup:UserGroup').inputs.userGroupId,
      ]);
    }
  });

  test('workers use the queues that the API sends to, one for each kind of job, and their dead-letter queue', () => {
    const api = environment(apps[stage], 'portfolio-api');
    const worker = environment(apps[stage], 'portfolio-worker');
    expect(worker.QUEUE_URLS).toBe(api.QUEUE_URLS);
    const urls = Object.values(readSettings(workerSettings, worker).QUEUE_URLS);
    expect(new Set(urls.map((url) => url.split('/').at(-1)))).toEqual(
      new Set(
        apps[stage]
          .all('sqs/queue:Queue')
          .filter(({ name }) => name !== 'DeadLettersQueue')
          .map(({ inputs }) => inputs.name),
      ),
    );
    expect(urls).toHaveLength(Object.keys(jobKinds).length);
    expect(worker.BUCKET_NAME).toBe(api.BUCKET_NAME);
    const { name } = apps[stage].one('sqs/queue:Queue', 'DeadLettersQueue').inputs;
    expect(worker.DEAD_LETTER_QUEUE_URL?.split('/').at(-1)).toBe(name);
  });

  test('secrets in the database are encrypted with the keys of the stage, which the migration job makes', () => {
    const { name } = apps[stage].one('secretsmanager/secret:Secret', 'encryption-keys-secret').inputs;
    const [api, worker, migrator] = ['portfolio-api', 'portfolio-worker', 'portfolio-migrator'].map(
      (account) => environment(apps[stage], account).ENCRYPTION_KEYS,
    );
    expect([worker, migrator]).toEqual([api, api]);
    expect(api).toMatch(new RegExp(`^secretsmanager:arn:aws:secretsmanager:[^#]+:secret:${name}-\\w+$`));
  });

  test('people sign in at the issuer of the stage, with a secret that Secrets Manager holds', () => {
    const { name } = apps[stage].one('secretsmanager/secret:Secret', 'sign-in-secret').inputs;
    const { OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = environment(apps[stage], 'portfolio-api');
    expect(OIDC_CLIENT_ID).toBe('portfolio');
    expect(OIDC_CLIENT_SECRET).toMatch(
      new RegExp(`^secretsmanager:arn:aws:secretsmanager:[^#]+:secret:${name}-\\w+#clientSecret$`),
    );
  });

  test('no ConfigMap and no environment of a pod contains a secret', () => {
    const maps = ofKind(apps[stage], 'ConfigMap').map(({ data }) => data as Record<string, string>);
    const given = workloadsOf(apps[stage])
      .flatMap(({ containers }) => containers.flatMap(({ env = [] }) => env))
      .map(({ name, value = '' }) => ({ [name]: value }));
    expect(maps).not.toHaveLength(0);
    const entries = [...maps, ...given].flatMap((one) => Object.entries(one));
    for (const [name, value] of entries.filter(([key]) =>
      /PASSWORD|SECRET|TOKEN|PRIVATE|CREDENTIAL|ENCRYPTION/.test(key),
    ))
      expect(value, name).toMatch(/^secretsmanager:/);
    for (const [name, value] of entries) {
      expect(value, name).not.toMatch(/password-of-|-----BEGIN|\b(AKIA|ASIA)[A-Z0-9]{16}\b/);
      expect(value, name).not.toMatch(/:\/\/[^/\s:@]+:[^/\s@]+@/);
    }
  });
});

test('further issuers, groups and a scanner are settings of the stage, and their secrets references', () => {
  const stage = {
    ...stageOf('production'),
    otherIssuers: [
      { issuer: 'https://login.example.org/', clientId: 'portfolio', audience: 'portfolio' },
      { issuer: 'https://ci.example.org', jwksUrl: 'https://ci.example.org/keys' },
    ],
    signIn: { clientId: 'p', groupClaim: 'roles', groupRoles: 'staff=team:editor', operatorGroup: 'ops' },
    scanner: { host: 'clamd.internal', port: 3310 },
  };
  const given = { ...environment(apps.production, 'portfolio-api') };
  const facts = {
    region: given.AWS_REGION!,
    databaseUrl: given.DATABASE_URL!,
    readerUrl: given.DATABASE_READER_URL!,
    queueUrls: given.QUEUE_URLS!,
    bucketName: given.BUCKET_NAME!,
    encryptionKeys: 'keys',
  };
  const api = apiEnvironment(stage, { ...facts, cache: null, signInSecret: 'sign-in' });
  expect(readSettings(apiSettings, api)).toMatchObject({
    JWT_ISSUERS: [
      {
        issuer: 'https://login.example.org/',
        clientId: 'portfolio',
        clientSecret: { id: 'sign-in', key: 'https://login.example.org/' },
      },
      { issuer: 'https://ci.example.org', jwksUrl: 'https://ci.example.org/keys' },
    ],
    GROUP_CLAIM: 'roles',
    OPERATOR_GROUP: 'ops',
    CLAMAV_ADDRESS: { host: 'clamd.internal', port: 3310 },
    ENCRYPTION_KEYS: { id: 'keys' },
  });
  expect(api.GROUP_ROLES).toBe('staff=team:editor');
  const worker = workerEnvironment(stage, facts, given.QUEUE_URLS!.split('=')[1]!.split(',')[0]!);
  expect(readSettings(workerSettings, worker).CLAMAV_ADDRESS).toEqual(stage.scanner);
});

const named = (data: Record<string, string>) =>
  configMap({ name: 'api', namespace: 'portfolio', component: 'api', data }).metadata.name;

test('changed settings start a rollout, since a ConfigMap is immutable and its name contains a hash', () => {
  expect(named({ PORT: '3000' })).toBe(named({ PORT: '3000' }));
  expect(named({ PORT: '3001' })).not.toBe(named({ PORT: '3000' }));
  for (const { immutable, metadata, data } of ofKind(apps.production, 'ConfigMap')) {
    expect(immutable).toBe(true);
    expect(metadata.name.slice(-10)).toBe(named(data).slice(-10));
  }
});
