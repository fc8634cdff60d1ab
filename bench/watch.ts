/**
 * Watching jobs, compared with a bare WebSocket server that sends the same frame to as many clients:
 * `node bench/watch.ts [watchers]`. Then the answers to `GET /jobs` while jobs run, without and with 300 watchers of all
 * changes. Takes about a minute and a half, on loopback; each watcher has a connection of its own. Only ratios are
 * comparable between machines. `ulimit -n` has to allow twice as many files as there are watchers (5,000).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startAws } from '../dev/aws.ts';
import { createCloudResources } from '../dev/cloud.ts';
import { startPostgres } from '../dev/postgres.ts';
import { wholeEnvironment } from '../dev/settings.ts';
import { migrate } from '../packages/core/src/runtime/migrate.ts';
import { testEncryption } from '../tests/support/encryption.ts';
import { freePort } from '../tests/support/stack.ts';
import { until } from '../tests/support/until.ts';
import { median } from './side-by-side.ts';
import { type Order, type Times, childFile, connectionsPerKey, nowMilliseconds } from './watch/children.ts';
import { openSimulation } from './watch/jobs.ts';

const watchers = Number(process.argv[2] ?? 5000);
const events = 20;
const pauseMilliseconds = 250;
const changeWatchers = 300;
const readSeconds = 8;
const rounds = 2;

/** Collects garbage and tells the memory of its process when asked. */
const reportMemory = `data:text/javascript,process.on('message',(m)=>m==='memory'&&(gc(),setTimeout(()=>{gc();process.send(process.memoryUsage())},100)))`;

await using started = new AsyncDisposableStack();

function startChild(file: string, args: string[], settings: Record<string, string> = {}): ChildProcess {
  const child = fork(file, args, {
    execArgv: ['--expose-gc', '--import', reportMemory],
    env: { ...wholeEnvironment(), ...settings },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  started.defer(() => void child.kill('SIGKILL'));
  return child;
}

/** The API alone: what workers do is simulated. */
async function startApi(databaseUrl: string) {
  const aws = started.adopt(await startAws(), (running) => running.stop());
  const port = await freePort();
  const main = fileURLToPath(new URL('../packages/api/src/main.ts', import.meta.url));
  const child = startChild(main, [], {
    ...(await createCloudResources(aws.endpoint)),
    ...testEncryption,
    NODE_ENV: 'production',
    DATABASE_URL: databaseUrl,
    HOST: '127.0.0.1',
    PORT: String(port),
    RATE_LIMIT_PER_MINUTE: '1000000000',
    RATE_LIMIT_PORTFOLIO_PER_MINUTE: '1000000000',
    RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000',
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  await until('the API is ready', () =>
    fetch(`${baseUrl}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { child, baseUrl, ws: `ws://127.0.0.1:${port}/trpc?connectionParams=1` };
}

async function connect(order: Order): Promise<ChildProcess> {
  const child = startChild(childFile, ['clients']);
  child.send(order);
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (message !== 'ready') throw new Error(`The clients could not connect: ${String(message)}.`);
  return child;
}

async function disconnect(clients: ChildProcess) {
  clients.kill('SIGKILL');
  await once(clients, 'exit');
  await wait(500);
}

async function memoryOf(child: ChildProcess): Promise<NodeJS.MemoryUsage> {
  child.send('memory');
  const [usage] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return usage;
}

async function cpuMilliseconds({ pid }: ChildProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Connects the watchers and sends them events, one after the other. `send` resolves to the time of the event. */
async function broadcast(server: ChildProcess, order: Order, send: (at: number) => Promise<number>) {
  const before = await memoryOf(server);
  const clients = await connect(order);
  const after = await memoryOf(server);
  const cpu = await cpuMilliseconds(server);
  const received = on(clients, 'message');
  const times: Times[] = [];
  for (let at = 1; at <= events; at++) {
    const sentAt = await send(at);
    const { value } = (await received.next()) as { value: [Times] };
    times.push({ first: value[0].first - sentAt, last: value[0].last - sentAt });
    await wait(pauseMilliseconds);
  }
  const kilobytes = (which: 'rss' | 'heapUsed') => tenths((after[which] - before[which]) / watchers / 1024);
  const row = {
    'event → first, ms': tenths(median(times.map(({ first }) => first))),
    'event → last, ms': tenths(median(times.map(({ last }) => last))),
    'CPU of the server an event, ms': Math.round(((await cpuMilliseconds(server)) - cpu) / events),
    'memory a watcher, kB': kilobytes('rss'),
    'heap a watcher, kB': kilobytes('heapUsed'),
  };
  await disconnect(clients);
  return row;
}

const tenths = (value: number) => Math.round(value * 10) / 10;

/** A message of the API with an event, for the bare server. */
function exampleFrame(): string {
  const at = new Date().toISOString();
  const of = { seq: 3, at, type: 'progress', state: 'running', attempt: 1, progress: 0.01, step: 'Working' };
  const data = { type: 'event', event: { ...of, error: null } };
  return JSON.stringify({ id: 1, result: { type: 'data', id: '3', data: { id: '3', data } } });
}

async function broadcastBare() {
  const server = startChild(childFile, ['bare']);
  const [port] = (await once(server, 'message')) as [number];
  const frame = exampleFrame();
  const order = { url: `ws://127.0.0.1:${port}`, count: watchers, keys: [], subscription: null };
  return broadcast(server, order, async () => {
    const at = nowMilliseconds();
    server.send(frame);
    return at;
  });
}

/** Reads the list of jobs again and again; resolves to the durations. */
async function readJobs(baseUrl: string, key: string, seconds: number): Promise<number[]> {
  const durations: number[] = [];
  const end = nowMilliseconds() + seconds * 1000;
  while (nowMilliseconds() < end) {
    const sentAt = nowMilliseconds();
    const headers = { authorization: `Bearer ${key}` };
    const answer = await fetch(`${baseUrl}/api/v1/jobs?limit=5`, { headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`GET /jobs answered ${answer.status}.`);
    durations.push(nowMilliseconds() - sentAt);
    await wait(10);
  }
  return durations;
}

function summarize(durations: number[]) {
  const sorted = durations.toSorted((a, b) => a - b);
  const percentile = (share: number) => tenths(sorted[Math.floor(sorted.length * share)]!);
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(share));
  return { 'p50, ms': p50!, 'p95, ms': p95!, 'p99, ms': p99!, answers: sorted.length };
}

const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
started.defer(() => rm(folder, { recursive: true }));
const postgres = started.adopt(await startPostgres({ dataDir: join(folder, 'postgres') }), (running) =>
  running.stop(),
);
await migrate({ url: postgres.url });
const api = await startApi(postgres.url);
const keyCount = Math.ceil(Math.max(watchers, changeWatchers) / connectionsPerKey);
const simulation = started.adopt(await openSimulation(postgres.url, keyCount), (open) => open.close());
const { keys } = simulation;

const job = await simulation.begin();
const ofJob = { path: 'job.events', input: { id: job.id } };
const ours = await broadcast(api.child, { url: api.ws, count: watchers, keys, subscription: ofJob }, (at) =>
  job.progress(at / 100),
);
await job.end();
const bare = await broadcastBare();
const ratio = ours['event → last, ms'] / bare['event → last, ms'];
console.log(`${watchers} watchers of one job: event → last is ${ratio.toFixed(2)} × bare.`);
console.table({ 'job.events over tRPC': ours, 'bare ws': bare });

const without: number[] = [];
const watched: number[] = [];
const running = simulation.keepRunning();
const ofAll = {
  url: api.ws,
  count: changeWatchers,
  keys,
  subscription: { path: 'job.changes', input: {} },
};
await readJobs(api.baseUrl, keys[0]!, 2);
for (let round = 0; round < rounds; round++) {
  without.push(...(await readJobs(api.baseUrl, keys[0]!, readSeconds)));
  const clients = await connect(ofAll);
  watched.push(...(await readJobs(api.baseUrl, keys[0]!, readSeconds)));
  await disconnect(clients);
}
const done = await running.stop();
const [one, other] = [summarize(without), summarize(watched)];
const slower = (other['p95, ms'] / one['p95, ms']).toFixed(2);
console.log(`GET /jobs while ${done} jobs ran: p95 with watchers is ${slower} × that without.`);
console.table({ 'no watchers': one, [`${changeWatchers} watchers of job.changes`]: other });
