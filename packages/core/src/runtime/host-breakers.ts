import { dependencies } from '../telemetry/contract.ts';
import { type Breaker, createBreaker } from './breaker.ts';
import { OutboundError } from './guarded-fetch.ts';
import type { Logger } from './log.ts';
import { DependencyUnavailable } from './outage.ts';

/** The number of hosts with a breaker; the least recently used ones are evicted. */
const maxHosts = 1000;

export type HostBreakers = {
  /** Runs work that fetches from a URL. Throws OutboundError `unreachable` immediately while the host's breaker is open. */
  run<T>(url: string, work: () => Promise<T>): Promise<T>;
};

/**
 * A circuit breaker for each host of user-given URLs, so that an unresponsive host does not occupy many jobs. It opens
 * after three failures in a row: timeouts and failed connections.
 */
export function createHostBreakers(log: Logger): HostBreakers {
  const breakers = new Map<string, Breaker>();
  dependencies.hosts.observe(() => {
    const open = [...breakers.values()].filter((breaker) => breaker.isOpen());
    return [{ value: open.length, labels: {} }];
  });

  function breakerOf(host: string): Breaker {
    const breaker = breakers.get(host) ?? createBreaker(host, log, { failures: 3, counts: isHostFailure });
    // The map is in insertion order: the least recently used host is the first.
    breakers.delete(host);
    breakers.set(host, breaker);
    if (breakers.size > maxHosts) breakers.delete(breakers.keys().next().value!);
    return breaker;
  }

  return {
    async run(url, work) {
      try {
        return await breakerOf(URL.parse(url)?.host ?? '').run(work);
      } catch (error) {
        if (!(error instanceof DependencyUnavailable)) throw error;
        throw new OutboundError(
          'unreachable',
          'The server did not answer recent requests. It is tried again in a few seconds.',
        );
      }
    },
  };
}

const isHostFailure = (error: unknown) =>
  error instanceof OutboundError && (error.code === 'timed_out' || error.code === 'unreachable');
