import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { inRepository } from '../../dev/repository.ts';
import { wholeEnvironment } from '../../dev/settings.ts';

const run = promisify(execFile);

/** The newest releases when this was written. They are no dependencies of the project: `installPeers` fetches them. */
export const peerVersions = { 'graphile-worker': '0.18.0', 'pg-boss': '12.38.0' };

type Peer = keyof typeof peerVersions;

const folder = inRepository('bench/peers');
const packageFolder = (peer: Peer) => join(folder, 'node_modules', peer);

/** Installs the peers into `bench/peers`, which git ignores, unless these versions are there already. */
export async function installPeers(): Promise<void> {
  const peers = Object.keys(peerVersions) as Peer[];
  const installed = await Promise.all(peers.map(installedVersion));
  if (peers.every((peer, at) => installed[at] === peerVersions[peer])) return;
  console.log(`Installing ${peers.map((peer) => `${peer} ${peerVersions[peer]}`).join(' and ')} from npm`);
  await mkdir(folder, { recursive: true });
  const manifest = { name: 'bench-peers', private: true, dependencies: peerVersions };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...flags], { cwd: folder, env: wholeEnvironment() });
}

async function installedVersion(peer: Peer): Promise<string | undefined> {
  const manifest = await readFile(join(packageFolder(peer), 'package.json'), 'utf8').catch(() => '{}');
  const { version }: { version?: string } = JSON.parse(manifest);
  return version;
}

const load = (peer: Peer): Promise<unknown> =>
  import(pathToFileURL(join(packageFolder(peer), 'dist/index.js')).href);

/** What is used of graphile-worker. */
type GraphileWorker = {
  makeWorkerUtils(options: { connectionString: string; maxPoolSize: number }): Promise<{
    migrate(): Promise<void>;
    addJob(task: string, payload: object): Promise<{ id: string }>;
    release(): Promise<void>;
  }>;
  run(options: {
    connectionString: string;
    maxPoolSize: number;
    concurrency: number;
    noHandleSignals: boolean;
    taskList: Record<string, (payload: unknown, helpers: { job: { id: string } }) => Promise<void>>;
    preset: { worker: object };
  }): Promise<{ stop(): Promise<void> }>;
};

export const loadGraphileWorker = async () => (await load('graphile-worker')) as GraphileWorker;

/** What is used of pg-boss. */
type PgBoss = {
  on(event: 'error', listener: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  send(name: string, data: object): Promise<string | null>;
  insert(name: string, jobs: { data: object }[]): Promise<unknown>;
  deleteAllJobs(name: string): Promise<unknown>;
  work(
    name: string,
    options: object,
    handler: (jobs: { data: { key: string } }[]) => Promise<void>,
  ): Promise<string>;
  offWork(name: string): Promise<void>;
};

export const loadPgBoss = async () => (await load('pg-boss')) as { PgBoss: new (options: object) => PgBoss };
