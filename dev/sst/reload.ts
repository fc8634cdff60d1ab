// Run by `sst dev` as `node dev/sst/reload.ts api` and `… worker` (stacks/dev.ts): runs the program with the given settings on the
// database of database.ts, and restarts it when one of its files changes.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { readDevSettings } from '../settings.ts';
import { environmentFile } from './environment-file.ts';

const [name] = process.argv.slice(2);
if (name !== 'api' && name !== 'worker') throw new Error('Usage: node dev/sst/reload.ts api|worker');

const { PORTFOLIO_DATA_DIR: dataDir } = readDevSettings();
const file = environmentFile(dataDir, name);
while (!existsSync(file)) await wait(200);

const entry = fileURLToPath(new URL(`../../packages/${name}/src/main.ts`, import.meta.url));
const program = spawn(process.execPath, ['--watch', '--watch-preserve-output', `--env-file=${file}`, entry], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => program.kill(signal));
program.once('exit', (code) => process.exit(code ?? 0));
