import type { Logger } from './log.ts';

/** What a process depends on; each rejects when that is away. */
export type Dependencies = Record<string, (signal: AbortSignal) => Promise<unknown>>;

/** What a process depends on, as it is; `behind` is a schema that is older than the code. */
export type State = 'ok' | 'away' | 'behind';

const checkMilliseconds = 2000;

/** Thrown by the check of a schema that is older than the code. */
export class SchemaBehind extends Error {
  readonly code = 'SCHEMA_BEHIND';

  constructor() {
    super('The schema of the database is older than this code: the migrations have to be run.');
    this.name = 'SchemaBehind';
  }
}

/** Asks all at once, and gives the state of each. Why one is not well is told to the log. */
export async function checkAll(
  dependencies: Dependencies,
  log: Pick<Logger, 'warn'>,
): Promise<Record<string, State>> {
  const states = await Promise.all(
    Object.entries(dependencies).map(async ([name, check]) => {
      const error = await within(check, checkMilliseconds);
      const state = stateOf(error);
      if (state !== 'ok') log.warn({ err: error, dependency: name }, `dependency is ${state}`);
      return [name, state] as const;
    }),
  );
  return Object.fromEntries(states);
}

function stateOf(error: unknown): State {
  if (error === null) return 'ok';
  return error instanceof SchemaBehind ? 'behind' : 'away';
}

/** The error of a check, or of its taking too long; null if all is well. */
async function within(check: Dependencies[string], milliseconds: number): Promise<unknown> {
  const signal = AbortSignal.timeout(milliseconds);
  const late = new Promise<never>((_, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason)),
  );
  return Promise.race([check(signal), late]).then(
    () => null,
    (error: unknown) => error ?? new Error('The check failed.'),
  );
}
