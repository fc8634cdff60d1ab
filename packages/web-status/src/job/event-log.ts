import type { JobEvent } from '../types.ts';

/** Adds an event; one that the log already has, as after a lost connection, leaves it as it is. */
export function appendEvent(log: readonly JobEvent[], event: JobEvent): readonly JobEvent[] {
  return event.seq > (log.at(-1)?.seq ?? 0) ? [...log, event] : log;
}
