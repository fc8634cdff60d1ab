import { type Client, problemOf } from '@portfolio/api/client';
import { type ReportProblem, type ImportProblem, ImportError } from './import-problem.ts';
import { type Difference, differencesOf } from './differences.ts';
import type { SourceFile } from './front-matter.ts';
import type { PortfolioFolder } from './read-folder.ts';

/** What an import does, or would do, to one item. */
export type Change = {
  what: string;
  change: 'created' | 'updated' | 'unchanged';
  differences: Difference[];
};

/** The inputs of planning: the API to compare with, the content of the folder, and where to report problems. */
export type Plan = {
  api: Client;
  folder: PortfolioFolder;
  portfolio: string;
  dryRun: boolean;
  reportProblem: ReportProblem;
};

/** A planned change, and how to apply it. */
export type Step = Change & {
  source: SourceFile;
  /** Applies the change; the properties that it resolves to replace the planned ones. */
  apply(): Promise<Partial<Change> | void>;
};

/** A step that creates an item, or updates the fields that differ. */
export function stepTo<Wanted extends Record<string, unknown>, Found extends Record<string, unknown>>({
  what,
  source,
  found,
  wanted,
  apply,
}: {
  what: string;
  source: SourceFile;
  found: Found | null;
  wanted: Wanted;
  apply: Step['apply'];
}): Step {
  if (!found) return { what, source, change: 'created', differences: [], apply };
  const differences = differencesOf(found, wanted);
  return { what, source, change: differences.length > 0 ? 'updated' : 'unchanged', differences, apply };
}

/** The fields of `wanted` that differ from `found`; null if there are none. */
export function changesOf<Wanted extends Record<string, unknown>>(
  found: Record<string, unknown>,
  wanted: Wanted,
): Partial<Wanted> | null {
  const changed = new Set(differencesOf(found, wanted).map(({ field }) => field.split('.')[0]));
  if (changed.size === 0) return null;
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => changed.has(name))) as Partial<Wanted>;
}

/** Turns an input error of the API into problems at the lines of the source file. */
export async function refusedAt<T>({ file, lineOf }: SourceFile, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const problem = problemOf(error);
    if (
      problem === null ||
      !('status' in problem) ||
      isOfCredential(problem.status) ||
      problem.status >= 500
    ) {
      throw error;
    }
    const fields = problem.errors ?? [{ pointer: '', detail: problem.detail }];
    const problems = fields.map(({ pointer, detail }): ImportProblem => {
      const path = pointer.split('/').slice(1);
      const name = path.length > 0 ? `${path.join('.')}: ` : '';
      // List indexes are text in a pointer, and numbers in a file.
      const keys = path.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
      return { file, line: lineOf(keys), message: name + detail };
    });
    throw new ImportError(problems);
  }
}

/** Errors caused by the credential, not by a file. */
const isOfCredential = (status: number) => [401, 403, 429].includes(status);

/** The result of a query, or null if the API reports `not_found`. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (problemOf(error)?.code === 'not_found') return null;
    throw error;
  }
}
