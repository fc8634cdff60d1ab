import { writeFile } from 'node:fs/promises';
import { api } from './connect.ts';

const study = { portfolio: 'portfolio-engineering', slug: 'outbox-and-leases' };
const { id } = await api.caseStudy.export.mutate(study);

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
