import type { Fixture } from './fixture.ts';

/** The figures of a run by their descriptions, such as `seconds until another worker had the job`. */
export type Measured = Record<string, number | string>;

export type Scenario = {
  /** The argument of `npm run chaos -- <name>`. */
  name: string;
  /** The injected faults. */
  injects: string;
  /** What must hold nevertheless. */
  promises: string;
  /** Whether it is also run by `npm test`, only by `npm run test:all`, or by neither, since it takes minutes. */
  tested: 'always' | 'exhaustively' | 'never';
  /** Needs a separate Postgres server, which it stops. */
  ownPostgres?: boolean;
  /** Begins with the programs and the database of the previous release, until it calls `upgrade`. */
  previousRelease?: boolean;
  /** Debian packages without which it cannot run. */
  needs?: { package: string; isThere: () => boolean };
  /** Injects the faults; throws if a promise is broken. The audit follows. */
  run(fixture: Fixture): Promise<Measured>;
};

/** A promise that did not hold. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** Throws if a promise is broken. */
export function holds(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new BrokenPromise(promise);
}
