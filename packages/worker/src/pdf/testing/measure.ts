// Renders a study of a given length in the main thread or a separate one, or a portfolio of such studies, several times, and
// prints time and memory of each. Runs in its own process, since the peak memory of a process cannot be reset.
import { readFileSync } from 'node:fs';
import { Writable } from 'node:stream';
import { parseArgs } from 'node:util';

import type { PdfDocument } from '../document.ts';
import { renderPdf, renderPortfolioPdf } from '../index.ts';
import type { PdfOptions } from '../index.ts';
import { RenderThreads } from '../render-threads.ts';
import type { PdfSource } from '../render-threads.ts';
import { claim } from './claims.ts';
import { study } from './render.ts';
import { longStudy } from './studies.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { thread: { type: 'boolean' }, studies: { type: 'string' } },
});
const [characters, times = '1'] = positionals;
const count = Number(values.studies ?? 0);
const claims = [claim(), claim()];
const document = study(longStudy(Number(characters)), { claims });
const portfolio = { name: 'P', tagline: '', description: '', at: '2026-03-20T10:15:00Z', studyCount: count };
const threads = new RenderThreads({
  memoryMegabytes: 512,
  timeoutSeconds: 60,
  processorSeconds: { document: 600, portfolio: 600 },
});

async function* studies(): AsyncGenerator<PdfDocument> {
  for (let index = 0; index < count; index++) yield await Promise.resolve(structuredClone(document));
}

/** The peak memory of this process. The kernel's resource usage would include the peak of its parent (`execve`). */
function peakMegabytes(): number {
  const [, kilobytes] =
    process.platform === 'linux'
      ? (/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [])
      : [];
  return Math.round(Number(kilobytes ?? process.resourceUsage().maxRSS) / 1024);
}

function render(options: PdfOptions): Promise<{ pages: number }> {
  const source: PdfSource = count > 0 ? { portfolio, studies: studies() } : { document };
  if (values.thread === true) return threads.render(source, options);
  return 'document' in source
    ? renderPdf(source.document, options)
    : renderPortfolioPdf(source.portfolio, source.studies, options);
}

for (let run = 0; run < Number(times); run++) {
  const fractions = new Set<number>();
  const started = performance.now();
  const used = process.cpuUsage();
  const { pages } = await render({
    out: new Writable({ write: (_chunk, _encoding, done) => done() }),
    loadImage: () => Promise.resolve(null),
    onProgress: ({ fraction }) => fractions.add(fraction),
    signal: new AbortController().signal,
  });
  const milliseconds = Math.round(performance.now() - started);
  const { user, system } = process.cpuUsage(used);
  const cpuMilliseconds = Math.round((user + system) / 1000);
  const megabytes = peakMegabytes();
  console.log(
    JSON.stringify({ pages, milliseconds, cpuMilliseconds, megabytes, progressSteps: fractions.size }),
  );
}
