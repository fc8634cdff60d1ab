import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { pageInput, pageOf } from '../page.ts';
import { prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { artifactVersions } from './artifact.sql.ts';
import { artifactVersionFields, fetchArtifact } from './internal.ts';
import { artifactRef, artifactVersionSchema, versionNameSchema } from './schemas.ts';

export const listArtifactVersions = operation({
  name: 'artifact.versions',
  kind: 'query',
  summary: 'List the versions of an artifact, newest first.',
  scope: 'artifact:read',
  public: true,
  input: z.strictObject({
    ...artifactRef,
    limit: pageInput.limit,
    cursor: versionNameSchema.optional().describe('`nextCursor` of the previous page.'),
  }),
  output: pageOf(artifactVersionSchema),
  tenant: tenantBySlug,
  async run({ db }, { slug, limit, cursor = null }, tenant) {
    const { id } = await fetchArtifact({ db }, tenant, slug);
    const rows = await listBefore(db).execute({ id, cursor, limit: limit + 1 });
    const items = rows.slice(0, limit);
    return { items, nextCursor: rows.length > limit ? items.at(-1)!.name : null };
  },
});

/** Versions older than the version named by the cursor. All without a cursor; none if that version does not exist. */
const older = sql`(${sql.placeholder('cursor')}::text is null
  or (${artifactVersions.createdAt}, ${artifactVersions.name}) < (
    select c.created_at, c.name from ${artifactVersions} c
    where c.artifact_id = ${sql.placeholder('id')} and c.name = ${sql.placeholder('cursor')}))`;

const listBefore = prepared((db) =>
  db
    .select(artifactVersionFields)
    .from(artifactVersions)
    .where(and(eq(artifactVersions.artifactId, sql.placeholder('id')), older))
    .orderBy(desc(artifactVersions.createdAt), desc(artifactVersions.name))
    .limit(sql.placeholder('limit'))
    .prepare('artifact_versions'),
);
