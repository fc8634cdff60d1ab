import type { Client } from '@portfolio/api/client';
import { type ImportProblem, ImportError } from './import-problem.ts';
import { planArtifact } from './plan-artifact.ts';
import { planEvidence } from './plan-evidence.ts';
import { planMetric, planSamples } from './plan-metric.ts';
import { planPortfolio } from './plan-portfolio.ts';
import { planStudy } from './plan-study.ts';
import { readPortfolioFolder } from './read-folder.ts';
import { type Change, type Plan, type Step, refusedAt } from './step.ts';

export type { Change };

/**
 * Makes a portfolio match a folder: creates missing items, updates those that differ, publishes the case studies with the
 * status `published`, and leaves items alone that are not in the folder. Repeating it changes nothing.
 *
 * `onChange` is called for each item in order. With `dryRun` it gets what would change, and nothing is changed.
 *
 * @throws ImportError for problems in the folder; before any change, except for those that only the API can detect.
 */
export async function importFolder(
  api: Client,
  folder: string,
  onChange: (change: Change) => void,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<{ portfolio: string }> {
  const read = await readPortfolioFolder(folder);
  const problems: ImportProblem[] = [];
  const steps = await planSteps({
    api,
    folder: read,
    portfolio: read.portfolio.fields.slug,
    dryRun,
    reportProblem: (problem) => void problems.push(problem),
  });
  if (problems.length > 0) throw new ImportError(problems);
  for (const { source, apply, ...planned } of steps) {
    const applied = dryRun || planned.change === 'unchanged' ? {} : await refusedAt(source, apply());
    onChange({ ...planned, ...applied });
  }
  return { portfolio: read.portfolio.fields.slug };
}

/** Plans every step without changing anything, in the order in which items depend on each other. */
async function planSteps(plan: Plan): Promise<Step[]> {
  const { portfolio, metrics, evidence, artifacts, studies } = plan.folder;
  const measured = metrics.filter(({ samples }) => samples !== null);
  // Concurrently, so that the client can batch the queries into few requests.
  const steps = await Promise.all([
    planPortfolio(plan, portfolio),
    ...metrics.map(async (metric) => planMetric(plan, metric)),
    ...measured.map(async (metric) => planSamples(plan, metric, metric.samples!)),
    ...evidence.map(async (file) => planEvidence(plan, file)),
    ...artifacts.map(async (file) => planArtifact(plan, file)),
    ...studies.map(async (study) => planStudy(plan, study)),
  ]);
  return steps;
}
