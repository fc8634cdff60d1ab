import { BrokenCircuitError, CircuitState, type IBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import { type Dependency, dependencies } from '../telemetry/contract.ts';
import type { Logger } from './log.ts';
import { DependencyUnavailable, isOutage } from './outage.ts';

/** How long an open breaker rejects all calls before it checks whether the dependency is available again. */
const openMilliseconds = 1000;
/** A breaker opens only if no call has succeeded for this long. */
const withoutSuccessMilliseconds = 1000;

export type Breaker = {
  /** Runs work that calls a dependency. Throws `DependencyUnavailable` immediately while the breaker is open. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** True from when it opens until a call succeeds again. */
  isOpen(): boolean;
  /** Stops probing. */
  stop(): void;
};

/**
 * A circuit breaker for one dependency of this process. It opens when `failures` calls in a row have failed and none has
 * succeeded for a second. Then `probe` is called every second, and closes it when it succeeds, so that no caller waits
 * for an unresponsive server. Without a probe, one call a second is let through instead. Only errors for which `counts`
 * is true are failures (by default, outages). Opening and closing are logged once each, and reported as a metric of
 * `reportedAs`.
 */
export function createBreaker(
  dependency: string,
  log: Logger,
  {
    failures,
    probe,
    counts = isOutage,
    reportedAs,
  }: {
    failures: number;
    probe?: () => Promise<unknown>;
    counts?: (error: unknown) => boolean;
    reportedAs?: Dependency;
  },
): Breaker {
  const rule = new OpensWithoutSuccess(failures);
  const circuit = circuitBreaker(handleWhen(counts), { halfOpenAfter: openMilliseconds, breaker: rule });
  let isUnavailable = false;
  const withBreaker = `${dependency} (circuit breaker open, probed every second)`;
  let timer: NodeJS.Timeout | undefined;

  function probeLater(probeNow: () => Promise<unknown>) {
    timer = setTimeout(() => void runProbe(probeNow), openMilliseconds).unref();
  }

  async function runProbe(probeNow: () => Promise<unknown>) {
    try {
      await probeNow();
      // Closes the circuit, even if the clock was set back while it was open.
      rule.success();
      circuit.isolate().dispose();
    } catch {
      if (timer) probeLater(probeNow);
    }
  }

  circuit.onBreak((reason) => {
    if (isUnavailable) return;
    isUnavailable = true;
    log.warn({ dependency, err: 'error' in reason ? reason.error : undefined }, 'circuit breaker opened');
    if (probe) probeLater(probe);
  });
  circuit.onHalfOpen(() => log.debug({ dependency }, 'circuit breaker half-open: the next call is a probe'));
  circuit.onReset(() => {
    isUnavailable = false;
    log.info({ dependency }, 'circuit breaker closed');
  });

  const endReports =
    reportedAs &&
    dependencies.breakers.observe(() => [
      { value: isUnavailable ? 1 : 0, labels: { dependency: reportedAs } },
    ]);

  return {
    async run(work) {
      // The library would have other calls wait for the probe, which may have to time out.
      const isRefused = probe ? isUnavailable : circuit.state === CircuitState.HalfOpen;
      if (isRefused) throw new DependencyUnavailable(withBreaker);
      try {
        return await circuit.execute(work);
      } catch (error) {
        throw error instanceof BrokenCircuitError ? new DependencyUnavailable(withBreaker) : error;
      }
    },
    isOpen: () => isUnavailable,
    stop() {
      clearTimeout(timer);
      timer = undefined;
      endReports?.();
    },
  };
}

/** Opens only if no call succeeds: as long as some do, failures are no reason to reject the others. */
class OpensWithoutSuccess implements IBreaker {
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
    return (
      this.#failures >= this.#threshold && performance.now() - this.#succeededAt >= withoutSuccessMilliseconds
    );
  }
}
