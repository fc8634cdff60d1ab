import { BrokenCircuitError, CircuitState, type IBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import type { Logger } from './log.ts';
import { DependencyUnavailable, isOutage } from './outage.ts';

/** How long an open breaker lets nothing through, before it is tried whether the dependency is back. */
const openMilliseconds = 1000;
/** A breaker opens only where nothing has succeeded for so long. */
const silenceMilliseconds = 1000;

export type Breaker = {
  /** Runs work that asks a dependency, or throws `DependencyUnavailable` at once where that is known to be away. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Lets nothing more be tried. */
  stop(): void;
};

/**
 * A circuit breaker for one dependency of this process. It opens when `failures` calls in a row failed and none has
 * succeeded for a second; `probe` is tried every second then, and closes it where it succeeds: nobody's call has to
 * wait for a server that may be mute. Without a probe, one call a second is the try. Only errors that `counts` takes are
 * failures (outages, unless said otherwise): what else is thrown comes from a dependency that answers.
 * The opening and the closing are a line of the log each.
 */
export function createBreaker(
  dependency: string,
  log: Logger,
  {
    failures,
    probe,
    counts = isOutage,
  }: { failures: number; probe?: () => Promise<unknown>; counts?: (error: unknown) => boolean },
): Breaker {
  const rule = new OpensInSilence(failures);
  const circuit = circuitBreaker(handleWhen(counts), { halfOpenAfter: openMilliseconds, breaker: rule });
  let isUnavailable = false;
  let timer: NodeJS.Timeout | undefined;

  function tryLater(tryNow: () => Promise<unknown>) {
    timer = setTimeout(() => void tryAgain(tryNow), openMilliseconds).unref();
  }

  async function tryAgain(tryNow: () => Promise<unknown>) {
    try {
      await tryNow();
      // Closes it, whatever the clock says of how long it was open.
      rule.success();
      circuit.isolate().dispose();
    } catch {
      if (timer) tryLater(tryNow);
    }
  }

  circuit.onBreak((reason) => {
    if (isUnavailable) return;
    isUnavailable = true;
    log.warn({ dependency, err: 'error' in reason ? reason.error : undefined }, 'breaker open: it is away');
    if (probe) tryLater(probe);
  });
  circuit.onHalfOpen(() => log.debug({ dependency }, 'breaker half open: one call tries'));
  circuit.onReset(() => {
    isUnavailable = false;
    log.info({ dependency }, 'breaker closed: it is back');
  });

  return {
    async run(work) {
      // The library would have others wait for the one that tries, and that one may wait for a time-out.
      const isRefused = probe ? isUnavailable : circuit.state === CircuitState.HalfOpen;
      if (isRefused) throw new DependencyUnavailable(dependency);
      try {
        return await circuit.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new DependencyUnavailable(dependency) : error;
      }
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
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
