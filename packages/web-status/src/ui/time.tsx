import { useSyncExternalStore } from 'react';
import { clockTime, exactTime, timeAgo, timeUntil } from './relative-time.ts';

const ticking = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** One clock for all times on the page. */
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

/** How long ago it was, kept up to date; renders anew only when its words change. */
export function Ago({ at }: { at: string }) {
  return <Time at={at} text={useSyncExternalStore(subscribe, () => timeAgo(at, Date.now()))} />;
}

/** A countdown. */
export function Until({ at }: { at: string }) {
  return <Time at={at} text={useSyncExternalStore(subscribe, () => timeUntil(at, Date.now()))} />;
}

export function ClockTime({ at }: { at: string }) {
  return <Time at={at} text={clockTime(at)} />;
}
