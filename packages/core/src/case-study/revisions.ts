import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { keysetPageInput, pageOf, readCursor, toKeysetPage } from '../page.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { caseStudyRevisions } from './case-study.sql.ts';
import { fetchCaseStudyId, revisionItemFields } from './internal.ts';
import { revisionItemSchema, revisionNumber } from './revision-schemas.ts';
import { caseStudyRef, knownFields } from './schemas.ts';

const positionSchema = z.strictObject({ number: revisionNumber });

/** Greater than the number of any revision. */
const beyondAll = 2 ** 31 - 1;

export const listRevisions = operation({
  name: 'caseStudy.revisions',
  kind: 'query',
  summary: 'List the revisions of a case study, newest first, with author, time and changed fields.',
  scope: 'case-study:read',
  public: false,
  input: z.strictObject({ ...caseStudyRef, ...keysetPageInput }),
  output: pageOf(revisionItemSchema),
  tenant: tenantBySlug,
  async run(ctx, { slug, limit, cursor }, tenant) {
    const caseStudyId = await fetchCaseStudyId(ctx, tenant, slug);
    const before = cursor === undefined ? beyondAll : readCursor(cursor, positionSchema).number;
    const rows = await revisionsBefore(ctx.db).execute({ caseStudyId, before, limit: limit + 1 });
    const items = rows.map((row) => ({ ...row, changed: knownFields(row.changed) }));
    return toKeysetPage(items, limit, ({ number }) => ({ number }));
  },
});

const revisionsBefore = prepared((db) =>
  db
    .select(revisionItemFields)
    .from(caseStudyRevisions)
    .where(
      and(
        eq(caseStudyRevisions.caseStudyId, sql.placeholder('caseStudyId')),
        lt(caseStudyRevisions.number, sql.placeholder('before')),
      ),
    )
    .orderBy(desc(caseStudyRevisions.number))
    .limit(sql.placeholder('limit'))
    .prepare('case_study_revisions'),
);
