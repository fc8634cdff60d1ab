import type { Client } from '@portfolio/api/client';
import { type Complaint, ImportError } from './complaint.ts';
import { planArtifact } from './plan-artifact.ts';
import { planEvidence } from './plan-evidence.ts';
import { planMetric, planSamples } from './plan-metric.ts';
import { planPortfolio } from './plan-portfolio.ts';
import { planStudy } from './plan-study.ts';
import { readPortfolioFolder } from './read-folder.ts';
import { type Change, type Plan, type Step, refusedAt } from './step.ts';

export type { Change };

/**
 * Makes a portfolio look like a folder: creates what is missing, updates what differs, publishes what the folder
 * calls published, and leaves alone what the folder does not speak of. Doing it again changes nothing.
 *
 * `onChange` hears of each thing in its turn. With `dryRun` nothing is changed, and it hears what would be.
 *
 * @throws ImportError where the folder is wrong, before anything is changed as far as that can be known.
 */
export async function importFolder(
  api: Client,
  folder: string,
  onChange: (change: Change) => void,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<{ portfolio: string }> {
  const read = await readPortfolioFolder(folder);
  const complaints: Complaint[] = [];
  const steps = await plan({
    api,
    folder: read,
    portfolio: read.portfolio.fields.slug,
    dryRun,
    complain: (complaint) => void complaints.push(complaint),
  });
  if (complaints.length > 0) throw new ImportError(complaints);
  for (const { source, apply, ...foreseen } of steps) {
    const learned = dryRun || foreseen.change === 'unchanged' ? {} : await refusedAt(source, apply());
    onChange({ ...foreseen, ...learned });
  }
  return { portfolio: read.portfolio.fields.slug };
}

/** Works out every step without changing anything, in the order in which things need each other. */
async function plan(given: Plan): Promise<Step[]> {
  const { portfolio, metrics, evidence, artifacts, studies } = given.folder;
  const measured = metrics.filter(({ samples }) => samples !== null);
  // Asked side by side, so that the client can put many questions into one request.
  const steps = await Promise.all([
    planPortfolio(given, portfolio),
    ...metrics.map(async (metric) => planMetric(given, metric)),
    ...measured.map(async (metric) => planSamples(given, metric, metric.samples!)),
    ...evidence.map(async (file) => planEvidence(given, file)),
    ...artifacts.map(async (file) => planArtifact(given, file)),
    ...studies.map(async (study) => planStudy(given, study)),
  ]);
  return steps;
}
