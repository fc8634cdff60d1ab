import type { Outputs } from '@portfolio/api/client';
import { api } from './connect.ts';

type Page = Outputs['caseStudy']['list'];

let cursor: string | undefined;
do {
  const page: Page = await api.caseStudy.list.query({ portfolio: 'portfolio-engineering', limit: 2, cursor });
  for (const { slug, title } of page.items) console.log(`${slug}: ${title}`);
  cursor = page.nextCursor ?? undefined;
} while (cursor !== undefined);
