import type { Logger } from './log.ts';

/** Checks of the dependencies of a process. Each rejects if its dependency is unavailable. */
export type Dependencies = Record<string, (signal: AbortSignal) => Promise<unknown>>;

/** The state of a dependency; `behind` is a database schema older than the code. */
export type State = 'ok' | 'unavailable' | 'behind';

const checkMilliseconds = 2000;

/** The schema of the database is older than the code. */
export class SchemaBehind extends Error {
  readonly code = 'SCHEMA_BEHIND';

  constructor() {
    super('The schema of the database is older than this code. Run the migrations.');
    this.name = 'SchemaBehind';
  }
}

/** Runs all checks in parallel and resolves to the state of each. Failures are logged with their reason. */
export async function checkAll(
  dependencies: Dependencies,
  log: Pick<Logger, 'warn'>,
): Promise<Record<string, State>> {
  const states = await Promise.all(
    Object.entries(dependencies).map(async ([name, check]) => {
      const error = await within(check, checkMilliseconds);
      const state = stateOf(error);
      if (state !== 'ok')
        log.warn(
          { err: error, dependency: name },
          state === 'behind' ? 'dependency is outdated' : 'dependency is unavailable',
        );
      return [name, state] as const;
    }),
  );
  return Object.fromEntries(states);
}

function stateOf(error: unknown): State {
  if (error === null) return 'ok';
  return error instanceof SchemaBehind ? 'behind' : 'unavailable';
}

/** Resolves to the error of a check or to its timeout; null if the check succeeds. */
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
