import type { PortfolioFile } from './read-folder.ts';
import { type Plan, type Step, orNull, stepTo } from './step.ts';

export async function planPortfolio({ api }: Plan, source: PortfolioFile): Promise<Step> {
  const { slug, ...fields } = source.fields;
  const wanted = { ...fields, description: source.body.trim() };
  const found = await orNull(api.portfolio.read.query({ portfolio: slug }));
  return stepTo({
    what: `portfolio ${slug}`,
    source,
    found,
    wanted,
    async apply() {
      if (!found) await api.portfolio.create.mutate({ slug, ...wanted });
      else await api.portfolio.update.mutate({ portfolio: slug, ...wanted, expectedVersion: found.version });
    },
  });
}
