/**
 * The duration of `npm start` on an installed clone, with a new data folder and with the same folder again:
 * `node bench/start.ts [runs]`. Seconds since the start of the command, median and best of 5 runs. Takes half a minute.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { wholeEnvironment } from '../dev/settings.ts';
import { freePort } from '../tests/support/stack.ts';
import { median } from './side-by-side.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const runs = Number(process.argv[2] ?? 5);

/** The lines of `npm start` that end a phase. */
const phases = { checked: 'Starting the portfolio platform', done: 'The platform is ready' };

type Phase = keyof typeof phases | 'ready' | 'stopped';
type Times = Record<Phase, number>;

/** Runs `npm start` once and stops it; `stopped` counts from the Ctrl-C. */
async function startOnce(dataDir: string): Promise<Times> {
  const port = await freePort();
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const times: Partial<Times> = {};
  const child = spawn('npm', ['start'], {
    cwd: repository,
    env: { ...wholeEnvironment(), PORT: String(port), PORTFOLIO_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const ended = once(child, 'exit');
  const lines = createInterface(child.stdout).on('line', (line) => {
    for (const [phase, text] of Object.entries(phases)) {
      if (line.includes(text)) times[phase as Phase] ??= seconds();
    }
  });
  const done = Promise.race([until(() => times.done !== undefined), once(lines, 'close')]);
  await until(() =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  times.ready = seconds();
  await done;
  if (times.done === undefined) throw new Error('npm start ended before it was ready.');
  const stop = seconds();
  process.kill(-child.pid!, 'SIGINT');
  await ended;
  return { ...(times as Times), stopped: seconds() - stop };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(10);
}

const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
const measured = { 'new folder': [] as Times[], 'the same folder again': [] as Times[] };
try {
  for (let run = 0; run < runs; run++) {
    const dataDir = join(folder, String(run));
    measured['new folder'].push(await startOnce(dataDir));
    measured['the same folder again'].push(await startOnce(dataDir));
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
const figure = (values: number[]) => `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)})`;
const columns: [string, Phase][] = [
  ['checked that all is installed', 'checked'],
  ['API ready', 'ready'],
  ['sample imported', 'done'],
  ['stopped after Ctrl-C', 'stopped'],
];
console.log('Seconds: median (best)');
console.table(
  Object.fromEntries(
    Object.entries(measured).map(([name, times]) => [
      name,
      Object.fromEntries(columns.map(([title, phase]) => [title, figure(times.map((time) => time[phase]))])),
    ]),
  ),
);
