import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { recordTelemetry } from '../../../../tests/support/telemetry.ts';
import { type StudyFixture, addEvidence, owner, studyFixture } from '../case-study/testing.ts';
import { operations } from '../index.ts';
import { provenance } from '../telemetry/contract.ts';
import { countProvenance, provenanceSeconds } from './provenance-counts.ts';

let fixture: StudyFixture;
beforeAll(async () => {
  fixture = await studyFixture();
  const { platform, portfolioId } = fixture;
  await addEvidence(platform, portfolioId, 'report', 1);
  await addEvidence(platform, portfolioId, 'awaited', 0);
  const claims = [
    { key: 'backed', statement: 'It is.', evidence: [{ slug: 'report' }] },
    { key: 'unbacked', statement: 'It is said.' },
  ];
  await fixture.create('published', { claims });
  await fixture.publish('published');
  await fixture.create('draft', { claims });
  const bin = { slug: 'binned', name: 'Binned' };
  const { id } = await operations.portfolio.create.run(fixture.as(owner), bin);
  await addEvidence(platform, id, 'report', 1);
  await platform.sql`update portfolios set binned_at = now() where id = ${id}`;
  await platform.sql`
    update evidence set source_url = 'https://example.com', next_sync_at = now() - interval '50 seconds'
    where slug = 'awaited'`;
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => fixture.stop());

const valueOf = (lines: string[], standing: string) =>
  lines.find((line) => line.includes(`standing="${standing}"`))?.split(' ')[1];

test('evidence and published claims are counted by standing, those in the bin are not', async () => {
  await using telemetry = recordTelemetry('worker');
  await countProvenance(fixture.platform.workerDb);
  const ofEvidence = await telemetry.series(provenance.evidence);
  expect(['fresh', 'stale', 'broken', 'missing'].map((one) => valueOf(ofEvidence, one))).toEqual([
    '1',
    '0',
    '0',
    '1',
  ]);
  const ofClaims = await telemetry.series(provenance.claims);
  expect(['backed', 'stale', 'broken', 'unbacked'].map((one) => valueOf(ofClaims, one))).toEqual([
    '1',
    '0',
    '0',
    '1',
  ]);
  const [overdue] = await telemetry.series(provenance.overdue);
  expect(Number(overdue!.split(' ')[1])).toBeGreaterThanOrEqual(50);
});

test('a worker reports its count until the next one is made, by whichever worker', async () => {
  await using telemetry = recordTelemetry('worker');
  await countProvenance(fixture.platform.workerDb);
  const now = performance.now();
  const at = (seconds: number) => vi.spyOn(performance, 'now').mockReturnValue(now + seconds * 1000);
  at(provenanceSeconds);
  expect(await telemetry.series(provenance.claims)).toHaveLength(4);
  at(1.2 * provenanceSeconds);
  for (const gauge of [provenance.claims, provenance.evidence, provenance.overdue])
    expect(await telemetry.series(gauge)).toEqual([]);
});
