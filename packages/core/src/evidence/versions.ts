import { and, desc, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { boundedString } from '../text.ts';
import { operation } from '../operation.ts';
import { pageInput, pageOf } from '../page.ts';
import { tenantBySlug } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import { evidenceVersionFields, fetchEvidence } from './internal.ts';
import { evidenceRef, evidenceVersionSchema } from './schemas.ts';

const beyondAll = '2147483647';

export const listEvidenceVersions = operation({
  name: 'evidence.versions',
  kind: 'query',
  summary:
    'List the versions of evidence, newest first. Anonymous readers see the cited versions and the latest.',
  scope: 'evidence:read',
  public: true,
  input: z.strictObject({
    ...evidenceRef,
    limit: pageInput.limit,
    cursor: boundedString(9)
      .regex(/^[1-9]\d{0,8}$/, 'Expected the `nextCursor` of a previous page.')
      .optional()
      .describe('`nextCursor` of the previous page.'),
  }),
  output: pageOf(evidenceVersionSchema),
  tenant: tenantBySlug,
  async run({ db }, { slug, limit, cursor = beyondAll }, tenant) {
    const { id } = await fetchEvidence({ db }, tenant, slug);
    const rows = await page(db, tenant).execute({ id, cursor, limit: limit + 1 });
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? String(items.at(-1)!.number) : null };
  },
});

const page = preparedFor('evidence_versions', isVisible.evidenceVersion, (db, visible, viewer) =>
  db
    .select(evidenceVersionFields(viewer))
    .from(evidenceVersions)
    .innerJoin(evidence, eq(evidence.id, evidenceVersions.evidenceId))
    .where(
      and(
        eq(evidenceVersions.evidenceId, sql.placeholder('id')),
        visible,
        lt(evidenceVersions.number, sql.placeholder('cursor')),
      ),
    )
    .orderBy(desc(evidenceVersions.number))
    .limit(sql.placeholder('limit')),
);
