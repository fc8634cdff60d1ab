import { BrokenCircuitError, CircuitState, type IBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import type { Logger } from './log.ts';
import { DependencyAway, isOutage } from './outage.ts';

/** How long an open breaker lets nothing through, before a single call tries whether the dependency is back. */
const openMilliseconds = 1000;
/** A breaker opens only where nothing has succeeded for so long. */
const silenceMilliseconds = 1000;

/** Runs work that asks a dependency, or throws `DependencyAway` at once where that is known to be away. */
export type Breaker = { run<T>(work: () => Promise<T>): Promise<T> };

/**
 * A circuit breaker for one dependency of this process. It opens when `failures` calls in a row failed and none has
 * succeeded for a second; then one call a second tries, and its success closes it. Only errors that `counts` takes are
 * failures (outages, unless said otherwise): whatever else is thrown came from a dependency that answers.
 * Each opening and closing is one line of the log.
 */
export function createBreaker(
  dependency: string,
  log: Logger,
  { failures, counts = isOutage }: { failures: number; counts?: (error: unknown) => boolean },
): Breaker {
  const circuit = circuitBreaker(handleWhen(counts), {
    halfOpenAfter: openMilliseconds,
    breaker: new OpensInSilence(failures),
  });
  let isAway = false;
  circuit.onBreak((reason) => {
    const err = 'error' in reason ? reason.error : undefined;
    log[isAway ? 'debug' : 'warn']({ dependency, err }, 'breaker open: the dependency is away');
    isAway = true;
  });
  circuit.onHalfOpen(() => log.debug({ dependency }, 'breaker half open: one call tries'));
  circuit.onReset(() => {
    log.info({ dependency }, 'breaker closed: the dependency is back');
    isAway = false;
  });
  return {
    async run(work) {
      // The library would have others wait for the one that tries, and that one may wait for a time-out.
      if (circuit.state === CircuitState.HalfOpen) throw new DependencyAway(dependency);
      try {
        return await circuit.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new DependencyAway(dependency) : error;
      }
    },
  };
}

/** Where some calls succeed, failures are no reason to give up on the others. */
class OpensInSilence implements IBreaker {
  state: unknown;
  readonly #threshold: number;
  #failures = 0;
  #succeededAt = -Infinity;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  success() {
    this.#failures = 0;
    this.#succeededAt = performance.now();
  }

  failure() {
    this.#failures += 1;
    return this.#failures >= this.#threshold && performance.now() - this.#succeededAt >= silenceMilliseconds;
  }
}
