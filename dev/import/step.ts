import { type Client, problemOf } from '@portfolio/api/client';
import { type Complain, type Complaint, ImportError } from './complaint.ts';
import { type Difference, differencesOf } from './differences.ts';
import type { SourceFile } from './front-matter.ts';
import type { PortfolioFolder } from './read-folder.ts';

/** What an import does, or would do, to one thing. */
export type Change = {
  what: string;
  change: 'created' | 'updated' | 'unchanged';
  differences: Difference[];
};

/** What planning needs to know: the API to compare with, all that the folder says, and whom to tell what is wrong. */
export type Plan = {
  api: Client;
  folder: PortfolioFolder;
  portfolio: string;
  dryRun: boolean;
  complain: Complain;
};

/** A change that was worked out from what the API has, and how to make it. */
export type Step = Change & {
  source: SourceFile;
  /** Makes the change; what it learns only then replaces what was foreseen. */
  apply(): Promise<Partial<Change> | void>;
};

/** A step that makes something new, or updates the fields in which it differs. */
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

/** The fields of `wanted` that `found` has otherwise; null where there are none. */
export function changesOf<Wanted extends Record<string, unknown>>(
  found: Record<string, unknown>,
  wanted: Wanted,
): Partial<Wanted> | null {
  const changed = new Set(differencesOf(found, wanted).map(({ field }) => field.split('.')[0]));
  if (changed.size === 0) return null;
  return Object.fromEntries(Object.entries(wanted).filter(([name]) => changed.has(name))) as Partial<Wanted>;
}

/** Turns what the API refuses into complaints about the lines of the file that it came from. */
export async function refusedAt<T>({ file, lineOf }: SourceFile, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const problem = problemOf(error);
    if (problem === null || !('status' in problem) || isOfKey(problem.status) || problem.status >= 500) {
      throw error;
    }
    const fields = problem.errors ?? [{ pointer: '', detail: problem.detail }];
    const complaints = fields.map(({ pointer, detail }): Complaint => {
      const path = pointer.split('/').slice(1);
      const name = path.length > 0 ? `${path.join('.')}: ` : '';
      // Places in lists are text in a pointer and numbers in a file.
      const place = path.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
      return { file, line: lineOf(place), message: name + detail };
    });
    throw new ImportError(complaints);
  }
}

/** Refusals that are about the credential, and not about any file. */
const isOfKey = (status: number) => [401, 403, 429].includes(status);

/** What a query finds, or null where the API says that it is not there. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (problemOf(error)?.code === 'not_found') return null;
    throw error;
  }
}
