import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { testFolder } from '../support/folder.ts';
import { freePort } from '../support/stack.ts';

const run = promisify(execFile);
const startScript = fileURLToPath(new URL('../../dev/start.ts', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await testFolder();
});

const started: { child: ChildProcess; ended: Promise<unknown> }[] = [];
afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
});

/** Runs the program of `npm start`, and collects its output. */
function start(port: number | string, { dataDir = folder, args = [] as string[] } = {}) {
  const child = spawn(process.execPath, [startScript, ...args], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', PORT: String(port), PORTFOLIO_DATA_DIR: dataDir },
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += String(chunk)));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  const prints = (text: string) => eventually(() => expect(printed).toContain(text));
  const running = { child, ended, prints, printed: () => printed };
  started.push(running);
  return running;
}

test('npm start prints commands that export, watch and download a PDF, and Ctrl-C saves everything', async () => {
  const first = start(await freePort(), { args: ['--observe'] });
  await first.prints('Ctrl-C stops everything');

  const credentials = join(folder, 'credentials.json');
  const { baseUrl, apiKey } = JSON.parse(await readFile(credentials, 'utf8')) as Record<string, string>;
  expect(first.printed()).toContain(baseUrl);
  expect(first.printed()).toContain(apiKey);
  expect((await stat(credentials)).mode & 0o777).toBe(0o600);

  const commands = first.printed().match(/^ {2}(JOB=|curl ).*$/gm)!;
  expect(commands).toHaveLength(3);
  const { stdout } = await run('bash', ['-ec', commands.join('\n')], { cwd: folder });
  expect(stdout).toContain('"state":"succeeded"');
  expect((await readFile(join(folder, 'outbox-and-leases.pdf'))).subarray(0, 5).toString()).toBe('%PDF-');

  const metrics = first.printed().match(/^(API|Worker) metrics: +http:.*$/gm)!;
  expect(metrics).toHaveLength(2);
  for (const line of metrics) {
    const served = await fetch(line.split(/ +/).at(-1)!);
    expect(await served.text()).toContain('process_uptime_seconds ');
  }
  expect(first.printed()).toMatch(/^Prometheus: +http:|Prometheus is not installed/m);

  const second = start(await freePort());
  expect(await second.ended).toBe(1);
  expect(second.printed()).toContain('is in use by another npm start');

  first.child.kill('SIGINT');
  expect(await first.ended).toBe(0);
  expect(first.printed()).toContain('Everything is saved');
});

test('Ctrl-C during the start stops it gracefully, too', async () => {
  const starting = start(await freePort());
  await starting.prints('Starting the portfolio platform');
  starting.child.kill('SIGINT');
  expect(await starting.ended).toBe(0);
  expect(starting.printed()).toMatch(/Stopping;.*\nEverything is saved.*\n$/);
});

test('Ctrl-C during the creation of a data folder starts nothing more, and the next start continues', async () => {
  const newFolder = await testFolder();
  const starting = start(await freePort(), { dataDir: newFolder });
  await starting.prints('Creating the Postgres data folder');
  starting.child.kill('SIGINT');
  expect(await starting.ended).toBe(0);
  expect(starting.printed()).toMatch(/Stopping;.*\nEverything is saved.*\n$/);

  const next = start(await freePort(), { dataDir: newFolder });
  await next.prints('Importing the sample portfolio');
  next.child.kill('SIGINT');
  expect(await next.ended).toBe(0);
  expect(next.printed()).not.toContain('The platform is ready');
});

test.each(['abc', '0', '65536', '3000.5'])('PORT=%s is refused with a clear error', async (port) => {
  const refused = start(port);
  expect(await refused.ended).toBe(1);
  expect(refused.printed()).toContain('PORT: Expected a port: a whole number from 1 to 65535.');
});

test.each(['--obsrve', 'observe', '--observe=no'])(
  'the argument %s is refused, with the one that exists',
  async (argument) => {
    const refused = start(await freePort(), { args: [argument] });
    expect(await refused.ended).toBe(1);
    expect(refused.printed()).toContain('npm start takes one argument: npm start -- --observe');
  },
);

test('a busy port is reported with what to do, before anything is started', async () => {
  const port = await freePort();
  const busy = createServer().listen(port, '127.0.0.1');
  const refused = start(port);
  expect(await refused.ended).toBe(1);
  expect(refused.printed()).toContain(`Port ${port} is busy`);
  expect(refused.printed()).toContain(`PORT=${port + 1} npm start`);
  busy.close();
});
