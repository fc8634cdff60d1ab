import { and, eq } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import type { Tenant } from '../tenancy.ts';
import { requireVersion } from '../version.ts';
import { artifacts } from './artifact.sql.ts';
import { missingArtifact } from './internal.ts';

/** Locks the artifact's row until the transaction ends. Throws `not_found` or `precondition_failed`. */
export async function lockArtifact(
  { db }: Pick<Ctx, 'db'>,
  tenant: Tenant,
  slug: string,
  expected: number | '*' = '*',
) {
  const [found] = await db
    .select({ id: artifacts.id, version: artifacts.version })
    .from(artifacts)
    .where(and(eq(artifacts.portfolioId, tenant.id), eq(artifacts.slug, slug)))
    .for('update');
  if (!found) throw await missingArtifact(db, tenant, slug);
  requireVersion(found, expected);
  return found;
}
