import { scopeSchema } from '@portfolio/core/actor';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { personBySubject } from '@portfolio/core/person/identify';
import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import { createLog } from '@portfolio/core/runtime/log';
import { migrate } from '@portfolio/core/runtime/migrate';
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import postgres from 'postgres';
import { enableDatabaseUsers } from '../../dev/database-users.ts';
import { startIssuer } from '../../dev/issuer.ts';
import { startPostgres } from '../../dev/postgres.ts';
import { inRepository } from '../../dev/repository.ts';
import { inheritedEnvironment } from '../../dev/settings.ts';
import { freePort } from '../../tests/support/stack.ts';
import { testEncryption } from '../../tests/support/encryption.ts';
import { until } from '../../tests/support/until.ts';
import { type CommandedProcess, commandProcess, startProcess } from '../jobs/child-process.ts';
import type { Cloud } from '../jobs/servers.ts';
import type { Keys } from './target.ts';

const viewerCount = 20;
/** More than requests with other ones reach the database before the limit of an address. */
const unknownCount = 3000;
const issuingAtATime = 100;
const portfolioId = 'pf_bench';

export type Platform = Awaited<ReturnType<typeof startPlatform>>;
export type Api = Pick<CommandedProcess, 'ask'> & AsyncDisposable & { port: number };

/** Starts Postgres, the queues, a token issuer and the sender of floods. The API is started for each row. */
export async function startPlatform() {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
  started.defer(() => rm(folder, { recursive: true, force: true }));
  const server = started.adopt(await startCountingPostgres(join(folder, 'postgres')), (used) => used.stop());
  const queues = started.adopt(await startProcess('queue-server.ts'), (used) => used.stop());
  const cloud = await queues.ask<Cloud>('open', undefined);
  const issuer = started.adopt(await startIssuer(join(folder, 'issuer.json')), (used) => used.stop());
  await migrate({ url: server.url }, { url: server.url });
  const users = await enableDatabaseUsers(server.url);
  const keys = await createKeys(server.url);
  const sender = started.adopt(startOwn('sender.ts'), (used) => used.stop());
  const settings = { ...cloud, ...issuer.settings, DATABASE_URL: users.api };
  const all = started.move();
  return {
    url: server.url,
    keys,
    sender,
    /** `flags` are those of Node. */
    startApi: (more: Record<string, string> = {}, flags: string[] = []) =>
      startApi({ ...settings, ...more }, flags),
    stop: () => all.disposeAsync(),
  };
}

/** Postgres that counts statements, which it has to be told before it starts. */
async function startCountingPostgres(dataDir: string) {
  const first = await startPostgres({ dataDir });
  const sql = postgres(first.url, { max: 1 });
  await sql`alter system set shared_preload_libraries = 'pg_stat_statements'`;
  await sql.end();
  await first.stop();
  return startPostgres({ dataDir });
}

/** The program of the API as it is deployed, with what measures it from inside. */
async function startApi(settings: Record<string, string>, flags: string[]): Promise<Api> {
  const port = await freePort();
  const api = startOwn('../../packages/api/src/main.ts', {
    flags: ['--expose-gc', '--import', pathToFileURL(inRepository('bench/flood/inside.ts')).href, ...flags],
    settings: {
      ...settings,
      ...testEncryption,
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: String(port),
    },
  });
  await until('the API is ready', () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { ask: api.ask, port, [Symbol.asyncDispose]: api.stop };
}

/** Starts a file, by its path from this folder, that answers commands. */
function startOwn(
  file: string,
  { flags = [], settings = {} }: { flags?: string[]; settings?: Record<string, string> } = {},
) {
  const child = fork(inRepository(join('bench/flood', file)), [], {
    execArgv: flags,
    env: { ...inheritedEnvironment(), ...settings },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  return commandProcess(child, file);
}

/** Creates a portfolio with its members, and the keys of `Keys`. */
async function createKeys(url: string): Promise<Keys> {
  const log = createLog('bench', 'warn');
  const database = openDatabase({ url, poolSize: 4, applicationName: 'bench', log });
  const issue = async (subject: string, scopes = scopeSchema.options) =>
    (
      await issueApiKey(database.db, {
        name: 'bench',
        personId: await personBySubject(database.db, subject),
        scopes,
        expiresAt: null,
      })
    ).secret;
  try {
    const { sql } = database;
    await sql`insert into portfolios (id, slug, name, tagline, description) values (${portfolioId}, 'bench', 'Bench', '', '')`;
    const viewers = Array.from({ length: viewerCount }, (_, at) => `viewer-${at}`);
    await addMembers(database, ['owner'], 'owner');
    await addMembers(database, viewers, 'viewer');
    return {
      owner: await issue('owner'),
      narrow: await issue('owner', ['job:read']),
      viewer: await issue('viewer-0'),
      nonMember: await issue('nonMember'),
      viewers: await Promise.all(viewers.map((subject) => issue(subject))),
      unknown: await issueAndForget(database, () => issue('nobody')),
    };
  } finally {
    await database.close();
  }
}

async function addMembers({ sql }: Database, subjects: string[], role: string) {
  await sql`insert into members (portfolio_id, subject, role)
    select ${portfolioId}, subject, ${role} from unnest(${subjects}::text[]) as subject`;
}

/** Keys as the platform makes them, which it no longer knows. */
async function issueAndForget({ sql }: Database, issue: () => Promise<string>): Promise<string[]> {
  const keys: string[] = [];
  while (keys.length < unknownCount)
    keys.push(...(await Promise.all(Array.from({ length: issuingAtATime }, issue))));
  await sql`delete from api_keys where person_id = person_of('nobody')`;
  return keys;
}
