import { operation } from '../operation.ts';
import { pageOf, readCursor, toKeysetPage } from '../page.ts';
import { tenantBySlug } from '../tenancy.ts';
import { maySee } from '../visibility.ts';
import { listPublished, listSorted, listUnarchived, starts } from './list-queries.ts';
import { type Place, caseStudyListInput, placeSchemas } from './list-schemas.ts';
import { type CaseStudyStatus, caseStudyItemSchema } from './schemas.ts';

export const listCaseStudies = operation({
  name: 'caseStudy.list',
  kind: 'query',
  summary: 'List the case studies of a portfolio, the newest first if nothing else is asked for.',
  scope: 'case-study:read',
  public: true,
  input: caseStudyListInput,
  output: pageOf(caseStudyItemSchema),
  tenant: tenantBySlug,
  async run({ db }, { limit, cursor, sort, tag, status, q }, tenant) {
    const place = cursor === undefined ? undefined : readCursor<Place>(cursor, placeSchemas[sort]);
    const page = { portfolioId: tenant.id, id: place?.id ?? starts[sort], limit: limit + 1 };
    if (status !== undefined && !maySee(tenant, { status })) return { items: [], nextCursor: null };
    const asked = tenant.isMember ? status : undefined;
    if (sort === '-createdAt' && tag.length === 0 && asked === undefined && q === undefined) {
      const rows = await (tenant.isMember ? listUnarchived : listPublished)(db).execute(page);
      return toKeysetPage(rows, limit, ({ id }) => ({ sort, id }));
    }
    const statuses: CaseStudyStatus[] = tenant.isMember ? ['draft', 'published'] : ['published'];
    const key = place && 'key' in place ? place.key : null;
    const filter = { statuses: asked ? [asked] : statuses, tags: tag, q };
    const rows = await listSorted(db, sort, q !== undefined).execute({ ...page, ...filter, key });
    return toKeysetPage(rows, limit, (last) => ({
      sort,
      id: last.id,
      ...(last.key !== null && { key: last.key }),
    }));
  },
});
