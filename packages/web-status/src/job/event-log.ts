import type { JobEvent } from '../types.ts';

/** Appends an event unless the log has it already, as after a lost connection. */
export function appendEvent(log: readonly JobEvent[], event: JobEvent): readonly JobEvent[] {
  return event.seq > (log.at(-1)?.seq ?? 0) ? [...log, event] : log;
}
