// What a PDF costs: `node bench/pdf.ts`. Each size is rendered in a process of its own, first cold, then warm.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const measure = fileURLToPath(new URL('../packages/worker/src/pdf/testing/measure.ts', import.meta.url));
const timeoutMs = 180_000;

for (const [name, characters, times] of [
  ['study of ~30 pages', 64_000, 10],
  ['body of 1 MB', 1_000_000, 1],
] as const) {
  const printed = execFileSync(process.execPath, [measure, String(characters), String(times)], {
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  const runs = printed.trim().split('\n');
  console.log(`${name}\n  ${runs.join('\n  ')}`);
}
