import type { Fixture } from './fixture.ts';

/** Figures of a run, by what they say: `seconds until another worker had the job`. */
export type Measured = Record<string, number | string>;

export type Scenario = {
  /** As `npm run chaos -- <name>` calls it. */
  name: string;
  /** What is broken on purpose. */
  injects: string;
  /** What holds nevertheless. */
  promises: string;
  /** What runs it beside `npm run chaos`: `npm test`, or only `npm run test:all`, or nothing, where it takes minutes. */
  tested: 'always' | 'exhaustively' | 'never';
  /** Needs a Postgres of its own, that it stops. */
  ownPostgres?: boolean;
  /** Debian packages without which it cannot run. */
  needs?: { package: string; isThere: () => boolean };
  /** Injects the faults and throws where a promise is broken; the audit comes after it. */
  run(fixture: Fixture): Promise<Measured>;
};

/** A promise that did not hold. */
export class BrokenPromise extends Error {
  override readonly name = 'BrokenPromise';
}

/** Throws where a promise is broken. */
export function holds(condition: boolean, promise: string): asserts condition {
  if (!condition) throw new BrokenPromise(promise);
}
