import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { isVisible, preparedFor } from '../visibility.ts';
import { signDownload } from '../upload/download.ts';
import { contentKey } from '../upload/keys.ts';
import { evidence, evidenceVersions } from './evidence.sql.ts';
import { evidenceVersionFields, fetchEvidence } from './internal.ts';
import { evidenceRef, evidenceVersionSchema } from './schemas.ts';

export const readEvidenceContent = operation({
  name: 'evidence.content',
  kind: 'query',
  summary: 'Get a link to the bytes of a version of evidence, valid for five minutes.',
  scope: 'evidence:read',
  public: true,
  input: z.strictObject({
    ...evidenceRef,
    version: z
      .int()
      .min(1)
      .max(2_147_483_647)
      .optional()
      .describe('The number of the version; by default the latest.'),
  }),
  output: evidenceVersionSchema
    .extend({ url: z.url(), expiresAt: z.iso.datetime() })
    .meta({ id: 'EvidenceContent' }),
  tenant: tenantBySlug,
  async run({ db, bucket }, { slug, version }, tenant) {
    const { id, latest } = await fetchEvidence({ db }, tenant, slug);
    const number = version ?? latest?.number ?? 0;
    const [found] = await find(db, tenant).execute({ id, number });
    if (!found) {
      const which = version === undefined ? 'no version yet' : `no version ${version}`;
      throw new AppError('not_found', `Evidence "${slug}" has ${which}.`);
    }
    if (found.deletedAt !== null)
      throw new AppError(
        'not_found',
        `The bytes of version ${number} of evidence "${slug}" were deleted at ${found.deletedAt}.`,
      );
    const key = contentKey('evidence', tenant.id, found.sha256);
    return { ...found, ...(await signDownload(bucket, key, found.fileName)) };
  },
});

const find = preparedFor('evidence_version', isVisible.evidenceVersion, (db, visible, viewer) =>
  db
    .select(evidenceVersionFields(viewer))
    .from(evidenceVersions)
    .innerJoin(evidence, eq(evidence.id, evidenceVersions.evidenceId))
    .where(
      and(
        eq(evidenceVersions.evidenceId, sql.placeholder('id')),
        eq(evidenceVersions.number, sql.placeholder('number')),
        visible,
      ),
    ),
);
