import { useSyncExternalStore } from 'react';
import { clockTime, exactTime, minuteTime, timeAgo, timeUntil } from './relative-time.ts';

const ticking = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** All times on the page share one timer. */
function subscribe(onTick: () => void) {
  ticking.add(onTick);
  timer ??= setInterval(() => ticking.forEach((tick) => tick()), 1000);
  return () => {
    ticking.delete(onTick);
    if (ticking.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function Time({ at, text }: { at: string; text: string }) {
  return (
    <time dateTime={at} title={exactTime(at)}>
      {text}
    </time>
  );
}

/** The time since an instant, kept up to date. It renders only when its text changes. */
export function Ago({ at }: { at: string }) {
  return <Time at={at} text={useSyncExternalStore(subscribe, () => timeAgo(at, Date.now()))} />;
}

/** The time until an instant, kept up to date. */
export function Until({ at }: { at: string }) {
  return <Time at={at} text={useSyncExternalStore(subscribe, () => timeUntil(at, Date.now()))} />;
}

/** Date and time to the minute, such as of the end of a key. */
export function MinuteTime({ at }: { at: string }) {
  return <Time at={at} text={minuteTime(at)} />;
}

export function ClockTime({ at }: { at: string }) {
  return <Time at={at} text={clockTime(at)} />;
}
