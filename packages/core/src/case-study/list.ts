import { operation } from '../operation.ts';
import { pageOf, readCursor, toKeysetPage } from '../page.ts';
import { tenantBySlug } from '../tenancy.ts';
import { maySee } from '../visibility.ts';
import { listPublished, listSorted, listUnarchived, starts } from './list-queries.ts';
import { type Position, caseStudyListInput, positionSchemas } from './list-schemas.ts';
import { type CaseStudyStatus, caseStudyItemSchema } from './schemas.ts';

export const listCaseStudies = operation({
  name: 'caseStudy.list',
  kind: 'query',
  summary: 'List the case studies of a portfolio, by default newest first.',
  scope: 'case-study:read',
  public: true,
  input: caseStudyListInput,
  output: pageOf(caseStudyItemSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor, sort, tag, status, q }, tenant) {
    const position = cursor === undefined ? undefined : readCursor<Position>(cursor, positionSchemas[sort]);
    const page = { portfolioId: tenant.id, id: position?.id ?? starts[sort], limit: limit + 1 };
    if (status !== undefined && !maySee(tenant, { status })) return { items: [], nextCursor: null };
    const wanted = tenant.isMember ? status : undefined;
    if (sort === '-createdAt' && tag.length === 0 && wanted === undefined && q === undefined) {
      const rows = await (tenant.isMember ? listUnarchived : listPublished)(db).execute(page);
      return toKeysetPage(rows, limit, ({ id }) => ({ sort, id }));
    }
    const statuses: CaseStudyStatus[] = tenant.isMember ? ['draft', 'published'] : ['published'];
    const key = position && 'key' in position ? position.key : null;
    const filter = { statuses: wanted ? [wanted] : statuses, tags: tag, q };
    const rows = await listSorted(db, sort, q !== undefined).execute({ ...page, ...filter, key });
    return toKeysetPage(rows, limit, (last) => ({
      sort,
      id: last.id,
      ...(last.key !== null && { key: last.key }),
    }));
  },
});
