// Renders a study of a given length some times and prints what each time took: run as a process of its own,
// since the most memory that a process ever had cannot be reset.
import { Writable } from 'node:stream';

import { renderPdf } from '../index.ts';
import { study } from './render.ts';
import { longStudy } from './studies.ts';

const [characters, times = '1'] = process.argv.slice(2);
const document = study(longStudy(Number(characters)));
for (let run = 0; run < Number(times); run++) {
  const fractions = new Set<number>();
  const started = performance.now();
  const { pages } = await renderPdf(document, {
    out: new Writable({ write: (_chunk, _encoding, done) => done() }),
    loadImage: () => Promise.resolve(null),
    onProgress: ({ fraction }) => fractions.add(fraction),
    signal: new AbortController().signal,
  });
  const milliseconds = Math.round(performance.now() - started);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify({ pages, milliseconds, megabytes, progressSteps: fractions.size }));
}
