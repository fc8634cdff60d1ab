import { createClient } from '@portfolio/api/client';
import { readFile, writeFile } from 'node:fs/promises';

// Run it beside a running `npm start`, with Node 24: node_modules/.bin/node docs/examples/export-pdf.ts
const credentials = process.argv[2] ?? '.local/credentials.json';
const { baseUrl, apiKey } = JSON.parse(await readFile(credentials, 'utf8')) as Record<
  'baseUrl' | 'apiKey',
  string
>;

const api = createClient({ baseUrl, apiKey });
const { id } = await api.caseStudy.export.mutate({
  portfolio: 'portfolio-engineering',
  slug: 'outbox-and-leases',
});

await new Promise<void>((resolve, reject) => {
  api.job.events.subscribe(
    { id },
    {
      onData({ data }) {
        if (data.type === 'event') console.log(data.event.type, data.event.progress, data.event.step ?? '');
      },
      onComplete: resolve,
      onError: reject,
    },
  );
});

const { url, fileName, pages } = await api.job.result.query({ id });
await writeFile(fileName, await (await fetch(url)).bytes());
console.log(`${fileName}: ${pages} pages`);
