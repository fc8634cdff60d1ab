import { operations } from '@portfolio/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from './support/eventually.ts';
import { bundle } from '../scripts/bundle.ts';
import { selfSigned } from './support/certificate.ts';
import { plainUser } from './support/child.ts';
import { testFolder } from './support/folder.ts';
import { simulateRds } from './support/rds.ts';
import { testSecretsManager } from './support/secrets-manager.ts';
import { namePeopleBySubject } from './support/people.ts';
import { testServices, user } from './support/services.ts';
import { freePort } from './support/stack.ts';
import { startTlsPostgres } from './support/tls-postgres.ts';

const owner = user('owner');
const study = { portfolio: 'team', slug: 'faster' };
const parts = new AsyncDisposableStack();
let folder: string;
let databaseUrl: string;
let rds: Awaited<ReturnType<typeof simulateRds>>;
let inCloud: Record<string, string>;

/** An empty database as in the cloud: with TLS, IAM tokens, and the password of its creator in Secrets Manager. */
beforeAll(async () => {
  folder = await testFolder();
  // For the unprivileged user.
  await chmod(dirname(folder), 0o711);
  await chmod(folder, 0o755);
  const certificate = selfSigned('localhost');
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, certificate.cert);
  const server = await startTlsPostgres(join(folder, 'postgres'), certificate);
  parts.defer(() => server.stop());
  const admin = postgres(server.url, { max: 1 });
  await admin`create database portfolio`;
  await admin.end();
  databaseUrl = Object.assign(new URL(server.url), { pathname: '/portfolio' }).href;
  const region = 'us-east-1';
  rds = await simulateRds(server.url, { host: 'localhost', region, secretKey: 'local', certificate });
  parts.defer(() => rds.stop());
  const { username, password } = new URL(server.url);
  const manager = await testSecretsManager({ master: JSON.stringify({ username, password }) });
  parts.defer(() => manager.stop());
  inCloud = {
    DATABASE_URL: rds.url('portfolio_USER', 'portfolio'),
    DATABASE_AUTH: 'iam',
    DATABASE_TLS: 'verify',
    DATABASE_CA_FILE: caFile,
    DATABASE_ADMIN_URL: `postgres://${username}@localhost:${server.port}/portfolio`,
    DATABASE_ADMIN_PASSWORD: 'secretsmanager:master#password',
    SECRETS: manager.endpoint,
    LOG_LEVEL: 'warn',
  };
  await Promise.all([bundle('api', join(folder, 'api')), bundle('worker', join(folder, 'worker'))]);
}, 120_000);
afterAll(() => parts.disposeAsync());

/** Runs a program of a bundle as its image does: as an unprivileged user, with a read-only folder and without packages. */
function run(name: string, program: string, environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [`${program}.js`], {
    cwd: join(folder, name),
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
    ...(process.getuid?.() === 0 && plainUser),
  });
  parts.defer(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  return child;
}

/** The environment of migrations: the user of DATABASE_ADMIN_URL, with a password from the secret. */
const migration = () => ({
  ...as('migrator'),
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: 'us-east-1',
  AWS_ENDPOINT_URL: inCloud.SECRETS!,
});

const as = (role: string) => ({ ...inCloud, DATABASE_URL: inCloud.DATABASE_URL!.replace('USER', role) });
const ask = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  return {
    code: response.status,
    connection: response.headers.get('connection'),
    ...((await response.json()) as object),
  };
};

test('the bundles run without packages, as an unprivileged user with a cloud database, and make a PDF', async () => {
  // Repeated and concurrent runs change nothing.
  for (const times of [2, 1]) {
    const runs = Array.from({ length: times }, () => once(run('api', 'migrate', migration()), 'exit'));
    for (const ended of await Promise.all(runs)) expect(ended).toEqual([0, null]);
  }
  await namePeopleBySubject(databaseUrl);
  const platform = await testServices({ databaseUrl });
  parts.defer(() => platform.stop());
  const [port, healthPort] = [await freePort(), await freePort()];
  const listen = {
    HOST: '127.0.0.1',
    PORT: String(port),
    HEALTH_PORT: String(healthPort),
    LINGER_SECONDS: '1',
  };
  const api = run('api', 'main', { ...platform.environment, ...as('api'), ...listen });
  const ready = {
    code: 200,
    status: 'ready',
    dependencies: { database: 'ok', queue: 'ok', bucket: 'ok', schema: 'ok' },
  };
  await eventually(async () => expect(await ask(port)).toMatchObject(ready));
  const worker = run('worker', 'main', {
    ...platform.environment,
    ...as('worker'),
    ...listen,
    POLL_SECONDS: '1',
  });

  await operations.portfolio.create.run(platform.as(owner), { slug: 'team', name: 'Team' });
  await operations.caseStudy.create.run(platform.as(owner), {
    ...study,
    title: 'Faster',
    body: '# Ελληνικά 中文',
  });
  const { id } = await operations.caseStudy.export.run(platform.as(owner), study);
  await eventually(async () => {
    expect(await operations.job.read.run(platform.as(owner), { id })).toMatchObject({ state: 'succeeded' });
  });
  expect(await ask(healthPort)).toMatchObject(ready);

  const ends = [api, worker].map((child) => once(child, 'exit'));
  for (const child of [api, worker]) child.kill('SIGTERM');
  // Requests are still answered meanwhile, and connections are closed by the last answer.
  let last: Partial<Awaited<ReturnType<typeof ask>>> & { load?: string };
  do last = await ask(port);
  while (last.load !== 'stopping');
  expect(last).toMatchObject({ code: 503, connection: 'close' });
  for (const ended of await Promise.all(ends)) expect(ended).toEqual([0, null]);
});

test('migrations also update users if their creator signs in with a token', async () => {
  const root = postgres(databaseUrl, { max: 1 });
  parts.defer(() => root.end());
  await root`create role master superuser login`;
  // As Postgres itself does since version 16 if the creator of a role is no superuser.
  await root`grant portfolio_api to master with admin option, inherit false, set false`;
  const asMaster = { ...migration(), DATABASE_ADMIN_URL: rds.url('master', 'portfolio') };
  const before = rds.tokens.length;
  expect(await once(run('api', 'migrate', asMaster), 'exit')).toEqual([0, null]);
  // One for master and one for the migrator.
  expect(rds.tokens.length - before).toBe(2);
});

test('a bundle contains its files and no packages', async () => {
  expect(await readdir(join(folder, 'api'))).toEqual(
    expect.arrayContaining(['drizzle', 'main.js', 'migrate.js']),
  );
  for (const name of ['api', 'worker']) {
    const files = await readdir(join(folder, name), { recursive: true });
    expect(files.filter((file) => /node_modules|_snapshot\.json/.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['main.js.map', 'drizzle/meta/_journal.json']));
  }
});
