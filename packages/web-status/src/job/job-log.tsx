import { memo, useDeferredValue } from 'react';
import type { JobEvent } from '../types.ts';
import { ClockTime } from '../ui/time.tsx';
import { eventWords, percent } from '../ui/words.ts';

/** The events of a job, latest first. */
export function JobLog({ log: latest }: { log: readonly JobEvent[] }) {
  // Thousands of events at once must not block the rest of the page.
  const log = useDeferredValue(latest);
  return (
    <section aria-labelledby="log">
      <h2 id="log">Log</h2>
      <ol className="card log" reversed>
        {log.length === 0 && <li className="muted log-empty">Waiting for the first event…</li>}
        {log.toReversed().map((event) => (
          <LogEntry key={event.seq} event={event} />
        ))}
      </ol>
    </section>
  );
}

const LogEntry = memo(function LogEntry({ event }: { event: JobEvent }) {
  return (
    <li className={`log-entry ${event.type}`}>
      <ClockTime at={event.at} />
      <span className="log-words">
        {eventWords(event)}
        {endsAttempt(event) && event.error && <span className="log-error">{event.error.message}</span>}
      </span>
      <span className="percent">{percent(event.progress)}%</span>
    </li>
  );
});

/** The error is shown with the event that ends its attempt only, since later events repeat it. */
function endsAttempt({ type }: JobEvent): boolean {
  return ['retrying', 'postponed', 'lost', 'failed', 'dead'].includes(type);
}
