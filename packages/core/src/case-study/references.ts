import { and, eq, inArray, isNull } from 'drizzle-orm';
import { artifacts } from '../artifact/artifact.sql.ts';
import type { Db } from '../context.ts';
import { AppError, type FieldError } from '../errors.ts';
import { evidence, evidenceVersions } from '../evidence/evidence.sql.ts';
import { metrics } from '../metric/metric.sql.ts';
import type { Tenant } from '../tenancy.ts';
import type { Claim, ClaimInput } from '../claim/schemas.ts';

/** The claims and artifacts of a case study as its authors write them, with the names of what they refer to. */
export type Naming = { claims: ClaimInput[]; artifacts: string[] };

/** The resources that a study refers to, by slug or key, locked until the transaction ends. */
export type References = Awaited<ReturnType<typeof findReferences>>;

/**
 * Finds the resources that a study refers to, and the version of each cited piece of evidence: the given one, else that
 * of the same claim in `before`, else the latest. Throws `invalid_input` with a field error per missing resource.
 */
export async function resolveReferences(db: Db, tenant: Tenant, given: Naming, before: Claim[]) {
  const references = await findReferences(db, tenant, given);
  const problems = [
    ...given.claims.flatMap((claim, at) => problemsOfClaim(claim, `/claims/${at}`, references)),
    ...given.artifacts.flatMap((slug, at) =>
      references.artifacts.has(slug) ? [] : [missing(`/artifacts/${at}`, `artifact "${slug}"`)],
    ),
  ];
  if (problems.length > 0) {
    const first = problems[0]!;
    throw new AppError(
      'invalid_input',
      `The case study references items that do not exist in portfolio "${tenant.slug}". ${first.pointer}: ${first.detail}`,
      { fields: problems },
    );
  }
  return { references, claims: given.claims.map((claim) => pin(claim, references, before)) };
}

/** Referenced rows cannot be deleted until the transaction ends, but can get new versions. */
const locked = 'key share';

async function findReferences(db: Db, tenant: Tenant, { claims, artifacts: slugs }: Naming) {
  const cited = claims.flatMap((claim) => claim.evidence);
  const keys = claims.flatMap(({ metric }) => metric?.key ?? []);
  const found = await findEvidence(db, tenant, [...new Set(cited.map(({ slug }) => slug))]);
  const ids = found.map(({ id }) => id);
  const versions = await findVersions(db, ids, [...new Set(cited.flatMap(({ version }) => version ?? []))]);
  return {
    evidence: byName(found),
    metrics: byName(await findMetrics(db, tenant, [...new Set(keys)])),
    artifacts: byName(await findArtifacts(db, tenant, slugs)),
    hasVersion: (id: string, number: number) => number === 0 || versions.has(`${id} ${number}`),
  };
}

async function findEvidence(db: Db, tenant: Tenant, slugs: string[]) {
  return db
    .select({ name: evidence.slug, id: evidence.id, latest: evidence.latest })
    .from(evidence)
    .where(and(eq(evidence.portfolioId, tenant.id), inArray(evidence.slug, slugs)))
    .orderBy(evidence.id)
    .for(locked);
}

async function findMetrics(db: Db, tenant: Tenant, keys: string[]) {
  return db
    .select({ name: metrics.key, id: metrics.id })
    .from(metrics)
    .where(and(eq(metrics.portfolioId, tenant.id), inArray(metrics.key, keys)))
    .orderBy(metrics.id)
    .for(locked);
}

async function findArtifacts(db: Db, tenant: Tenant, slugs: string[]) {
  return db
    .select({ name: artifacts.slug, id: artifacts.id })
    .from(artifacts)
    .where(and(eq(artifacts.portfolioId, tenant.id), inArray(artifacts.slug, slugs)))
    .orderBy(artifacts.id)
    .for(locked);
}

async function findVersions(db: Db, ids: string[], numbers: number[]): Promise<Set<string>> {
  const { evidenceId, number } = evidenceVersions;
  const rows = await db
    .select({ evidenceId, number })
    .from(evidenceVersions)
    .where(and(inArray(evidenceId, ids), inArray(number, numbers), isNull(evidenceVersions.deletedAt)));
  return new Set(rows.map((row) => `${row.evidenceId} ${row.number}`));
}

function byName<Row extends { name: string }>(rows: Row[]): Map<string, Row> {
  return new Map(rows.map((row) => [row.name, row]));
}

const missing = (pointer: string, what: string): FieldError => ({ pointer, detail: `There is no ${what}.` });

function problemsOfClaim({ evidence: cited, metric }: ClaimInput, pointer: string, references: References) {
  const problems = cited.flatMap(({ slug, version }, at) => {
    const found = references.evidence.get(slug);
    const citation = `${pointer}/evidence/${at}`;
    if (!found) return [missing(`${citation}/slug`, `evidence "${slug}"`)];
    if (version === undefined || references.hasVersion(found.id, version)) return [];
    return [missing(`${citation}/version`, `version ${version} of evidence "${slug}"`)];
  });
  if (metric && !references.metrics.has(metric.key)) {
    problems.push(missing(`${pointer}/metric/key`, `metric "${metric.key}"`));
  }
  return problems;
}

function pin(claim: ClaimInput, { evidence: found }: References, before: Claim[]): Claim {
  const { key, statement, metric } = claim;
  const earlier = before.find((other) => other.key === key && other.statement === statement);
  const cited = claim.evidence.map(({ slug, version }) => {
    const pinned = earlier?.evidence.find((other) => other.slug === slug)?.version;
    return { slug, version: version ?? pinned ?? found.get(slug)!.latest };
  });
  return { key, statement, metric, evidence: cited };
}
