const steps = [
  { unit: 'second', seconds: 1 },
  { unit: 'minute', seconds: 60 },
  { unit: 'hour', seconds: 3600 },
  { unit: 'day', seconds: 86_400 },
] as const;

const format = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/**
 * The time since an instant, such as `3 minutes ago`. It is `just now` within three seconds, and where the clock of the
 * server is ahead. `now` is in milliseconds since the epoch.
 */
export function timeAgo(iso: string, now: number): string {
  const seconds = Math.floor((now - Date.parse(iso)) / 1000);
  if (seconds < 3) return 'just now';
  const step = steps.findLast((candidate) => seconds >= candidate.seconds) ?? steps[0];
  return format.format(-Math.floor(seconds / step.seconds), step.unit);
}

/** The time until an instant, such as `in 4 s` or `in 3 min`; `now` once it has passed. */
export function timeUntil(iso: string, now: number): string {
  const seconds = Math.ceil((Date.parse(iso) - now) / 1000);
  if (seconds <= 0) return 'now';
  return seconds < 100 ? `in ${seconds} s` : `in ${Math.round(seconds / 60)} min`;
}

/** The time between two instants, at least `0.1 s`, such as `0.8 s`, `41 s` or `2 min 5 s`. */
export function duration(from: string, to: string): string {
  const seconds = Math.max(0.1, (Date.parse(to) - Date.parse(from)) / 1000);
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' });
const minute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });
const clock = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** Date, time and time zone, in the user's time zone. */
export const exactTime = (iso: string) => exact.format(new Date(iso));

/** Date, hours and minutes, in the user's time zone. */
export const minuteTime = (iso: string) => minute.format(new Date(iso));

/** Hours, minutes and seconds, in the user's time zone. */
export const clockTime = (iso: string) => clock.format(new Date(iso));
