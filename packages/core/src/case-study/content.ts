import { rewriteClaims } from '../claim/rewrite.ts';
import { eq, sql } from 'drizzle-orm';
import { actorName } from '../actor.ts';
import type { Ctx, Db } from '../context.ts';
import { imageHashes } from '../image/schemas.ts';
import type { Tenant } from '../tenancy.ts';
import { nextVersion } from '../version.sql.ts';
import { caseStudies, caseStudyArtifacts, caseStudyImages, caseStudyRevisions } from './case-study.sql.ts';
import { fetchCaseStudy } from './internal.ts';
import { lockCaseStudy } from './lock.ts';
import { type Naming, type References, resolveReferences } from './references.ts';
import {
  type CaseStudy,
  type CaseStudyContent,
  caseStudyContentSchema,
  type ContentField,
  changedFields,
} from './schemas.ts';

/** The fields to change. Fields that are missing or undefined keep their value. */
export type ContentChanges = {
  [Field in ContentField]?: (Omit<CaseStudyContent, keyof Naming> & Naming)[Field] | undefined;
};

/**
 * Changes the content of a case study, which adds a revision and a new version. If no field differs, nothing changes.
 * Throws `not_found`, `precondition_failed`, or `invalid_input` for references to missing resources.
 */
export async function changeContent(
  { db, actor }: Pick<Ctx, 'db' | 'actor'>,
  tenant: Tenant,
  { slug, expectedVersion }: { slug: string; expectedVersion: number | '*' },
  changes: ContentChanges,
  restoredFrom: number | null = null,
): Promise<CaseStudy> {
  const { id } = await lockCaseStudy({ db }, tenant, slug, expectedVersion);
  const study = await fetchCaseStudy({ db }, tenant, slug);
  const before = caseStudyContentSchema.parse(study);
  const { claims: given, artifacts = before.artifacts, ...plain } = changes;
  const naming = { claims: given ?? [], artifacts: changes.artifacts ?? [] };
  const { references, claims: pinned } = await resolveReferences(db, tenant, naming, before.claims);
  const after = { ...before, ...withoutUndefined(plain), claims: given ? pinned : before.claims, artifacts };

  const changed = changedFields(before, after);
  if (changed.length === 0) return study;
  const number = study.revision + 1;
  await db
    .update(caseStudies)
    .set({ ...columnsOf(after, changed), revision: number, version: nextVersion, updatedAt: sql`now()` })
    .where(eq(caseStudies.id, id));
  await rewriteRows(db, id, after, changed, references);
  await db.insert(caseStudyRevisions).values({
    caseStudyId: id,
    number,
    content: after,
    changed,
    restoredFrom,
    author: actorName(actor),
  });
  return fetchCaseStudy({ db }, tenant, slug);
}

/** Writes the first revision of a new case study and its dependent rows. */
export async function writeFirstContent(
  { db, actor }: Pick<Ctx, 'db' | 'actor'>,
  id: string,
  content: CaseStudyContent,
  references: References,
): Promise<void> {
  await rewriteRows(db, id, content, ['body', 'claims', 'artifacts'], references);
  await db
    .insert(caseStudyRevisions)
    .values({ caseStudyId: id, number: 1, content, changed: [], author: actorName(actor) });
}

function withoutUndefined<T extends object>(fields: T) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

/** The changed fields that are columns of `case_studies`. */
function columnsOf({ claims: _, artifacts: __, ...columns }: CaseStudyContent, changed: ContentField[]) {
  const changedColumns = Object.entries(columns).filter(([field]) => changed.includes(field as ContentField));
  return Object.fromEntries(changedColumns) as Partial<typeof columns>;
}

/** Rewrites the dependent rows of a case study for the fields that changed. */
async function rewriteRows(
  db: Db,
  id: string,
  content: CaseStudyContent,
  changed: ContentField[],
  references: References,
) {
  if (changed.includes('body')) await rewriteImages(db, id, content.body);
  if (changed.includes('artifacts')) await rewriteArtifacts(db, id, content.artifacts, references);
  if (changed.includes('claims')) await rewriteClaims(db, id, content.claims, references);
}

async function rewriteImages(db: Db, id: string, body: string) {
  await db.delete(caseStudyImages).where(eq(caseStudyImages.caseStudyId, id));
  const hashes = imageHashes(body);
  if (hashes.length === 0) return;
  // As one array: a body can contain more images than a statement can have parameters.
  const shown = sql`select ${id}, unnest(${sql.param(hashes)}::text[])`;
  await db.execute(sql`insert into ${caseStudyImages} (case_study_id, sha256) ${shown}`);
}

async function rewriteArtifacts(db: Db, id: string, slugs: string[], { artifacts }: References) {
  await db.delete(caseStudyArtifacts).where(eq(caseStudyArtifacts.caseStudyId, id));
  if (slugs.length === 0) return;
  const rows = slugs.map((slug, position) => ({
    caseStudyId: id,
    artifactId: artifacts.get(slug)!.id,
    position,
  }));
  await db.insert(caseStudyArtifacts).values(rows);
}
