import { type Breaker, createBreaker } from './breaker.ts';
import { OutboundError } from './guarded-fetch.ts';
import type { Logger } from './log.ts';
import { DependencyUnavailable } from './outage.ts';

/** Hosts that are remembered: those that were asked last. */
const maxHosts = 1000;

export type HostBreakers = {
  /**
   * Runs work that fetches from a URL, or throws OutboundError `unreachable` where its host did not answer just now.
   */
  run<T>(url: string, work: () => Promise<T>): Promise<T>;
};

/**
 * A breaker for each host that others chose, so that one that does not answer keeps a single job waiting, and none of
 * those for other hosts. It opens after three failures in a row: time-outs, and connections that fail.
 */
export function createHostBreakers(log: Logger): HostBreakers {
  const breakers = new Map<string, Breaker>();

  function breakerOf(host: string): Breaker {
    const breaker = breakers.get(host) ?? createBreaker(host, log, { failures: 3, counts: isOfHost });
    // The map keeps its order: the host that was asked longest ago is the first.
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
          'Its server did not answer a moment ago, and is tried again soon.',
        );
      }
    },
  };
}

const isOfHost = (error: unknown) =>
  error instanceof OutboundError && (error.code === 'timed_out' || error.code === 'unreachable');
