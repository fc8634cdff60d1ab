import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import type { Actor } from '../actor.ts';
import { artifacts } from '../artifact/artifact.sql.ts';
import { evidence, evidenceVersions } from '../evidence/evidence.sql.ts';
import { newId } from '../ids.ts';
import { operations } from '../index.ts';
import { metrics } from '../metric/metric.sql.ts';

const { caseStudy } = operations;

export const owner = user('owner');

/** The services with a portfolio "team" owned by `owner`, and helpers for tests of its case studies. */
export async function studyFixture() {
  const platform = await testServices();
  const as = (actor: Actor) => platform.as(actor);
  const portfolio = 'team';
  const { id: portfolioId } = await operations.portfolio.create.run(as(owner), {
    slug: portfolio,
    name: 'Team',
  });
  const ref = (slug: string) => ({ portfolio, slug });
  const guarded = (slug: string) => ({ ...ref(slug), expectedVersion: '*' as const });
  return {
    platform,
    portfolio,
    portfolioId,
    ref,
    as,
    create: (slug: string, rest: object = {}) =>
      caseStudy.create.run(as(owner), { ...ref(slug), title: slug, ...rest }),
    read: (slug: string, actor: Actor = owner) => caseStudy.read.run(as(actor), ref(slug)),
    update: (slug: string, changes: object, actor: Actor = owner) =>
      caseStudy.update.run(as(actor), { ...guarded(slug), ...changes }),
    publish: (slug: string) => caseStudy.publish.run(as(owner), guarded(slug)),
    stop: () => platform.stop(),
  };
}

export type StudyFixture = Awaited<ReturnType<typeof studyFixture>>;

/** Adds evidence with versions 1 to `latest`. */
export async function addEvidence({ db }: TestServices, portfolioId: string, slug: string, latest: number) {
  const id = newId('evidence');
  await db.insert(evidence).values({ id, portfolioId, slug, title: slug, description: '', latest });
  for (let number = 1; number <= latest; number++) await addEvidenceVersion({ db }, id, number);
  return id;
}

export async function addEvidenceVersion(
  { db }: Pick<TestServices, 'db'>,
  evidenceId: string,
  number: number,
) {
  await db.insert(evidenceVersions).values({
    evidenceId,
    number,
    sha256: String(number).repeat(64).slice(0, 64),
    sizeBytes: 1,
    contentType: 'text/plain',
    fileName: 'evidence.txt',
  });
}

export async function addMetric({ db }: TestServices, portfolioId: string, key: string) {
  const about = { name: key, unit: 'ms', betterWhen: 'down' as const, description: '' };
  await db.insert(metrics).values({ id: newId('metric'), portfolioId, key, ...about });
}

export async function addArtifact({ db }: TestServices, portfolioId: string, slug: string) {
  const about = { kind: 'script' as const, title: slug, description: '' };
  await db.insert(artifacts).values({ id: newId('artifact'), portfolioId, slug, ...about });
}
