// Time and memory of PDFs: `node bench/pdf.ts`. Each size is rendered in its own process, first cold, then warm; in the main
// thread and in a separate thread, as in the worker.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const measure = fileURLToPath(new URL('../packages/worker/src/pdf/testing/measure.ts', import.meta.url));
const timeoutMilliseconds = 180_000;

for (const [name, ...options] of [
  ['study of ~30 pages', '64000', '10'],
  ['study of ~30 pages, in a thread', '64000', '10', '--thread'],
  ['body of 1 MB', '1000000'],
  ['body of 1 MB, in a thread', '1000000', '--thread'],
  ['portfolio of 20 studies of ~10 pages, in a thread', '20000', '--thread', '--studies=20'],
  ['portfolio of 200 studies of ~10 pages, in a thread', '20000', '--thread', '--studies=200'],
] as const) {
  const printed = execFileSync(process.execPath, [measure, ...options], {
    encoding: 'utf8',
    timeout: timeoutMilliseconds,
  });
  const runs = printed.trim().split('\n');
  console.log(`${name}\n  ${runs.join('\n  ')}`);
}
