/** A tick of an axis: a value and its label. */
export type Tick = { value: number; label: string };

/** The position of a value on an axis of a length, in points from the start of the axis. */
export type Scale = (value: number) => number;

export function linearScale(from: number, to: number, length: number): Scale {
  return (value) => ((value - from) / (to - from)) * length;
}

const roundSteps = [1, 2, 5, 10];

/** About `count` ticks at round values; the first is at most `min` and the last at least `max`. */
export function valueTicks(min: number, max: number, count: number): Tick[] {
  const [low, high] = widened(min, max);
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * roundSteps.find((round) => round * power >= rough * 0.999)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const value = (first + index) * step;
    return { value, label: labelOf(value, step, Math.max(Math.abs(first), Math.abs(last)) * step) };
  });
}

/** The smallest distance between ticks at which they are distinct doubles. */
const smallest = 1e-290;

/** Adds space above and below a constant, and values that a double can hardly distinguish. */
function widened(min: number, max: number): [number, number] {
  const size = Math.max(Math.abs(min), Math.abs(max));
  if (max - min > Math.max(size * 1e-9, smallest)) return [min, max];
  const room = size > smallest ? size * 0.1 : 1;
  return [min - room, max + room];
}

function labelOf(value: number, step: number, largest: number): string {
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (largest < 1e7 && digits <= 5) return fixed(digits).format(value);
  const significant = Math.floor(Math.log10(largest)) - Math.floor(Math.log10(step) + 1e-9);
  return value === 0 ? '0' : value.toExponential(Math.min(20, Math.max(0, significant)));
}

const fixed = (digits: number) =>
  new Intl.NumberFormat('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });

const short = new Intl.NumberFormat('en-GB', { maximumSignificantDigits: 5 });

/** A measured value, rounded to five digits. */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  return value !== 0 && (size >= 1e7 || size < 1e-4) ? value.toExponential(3) : short.format(value + 0);
}

const hour = 3_600_000;
const day = 24 * hour;
type Unit = { months: number } | { milliseconds: number };
/** The distances between ticks of time, in ascending order. */
const distances: Unit[] = [
  ...[1, 2, 3, 6, 12].map((hours) => ({ milliseconds: hours * hour })),
  ...[1, 2, 5, 10].map((days) => ({ milliseconds: days * day })),
  ...[1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 3000].map((months) => ({ months })),
];

/** Ticks at round instants (UTC) in a range in milliseconds since the epoch: as many as possible, but at most `most`. */
export function timeTicks(from: number, to: number, most: number): Tick[] {
  for (const distance of distances) {
    const moments =
      'months' in distance ? monthsIn(from, to, distance.months) : evenIn(from, to, distance.milliseconds);
    if (moments.length > most) continue;
    return moments.map((value) => ({ value, label: momentLabel(value, distance) }));
  }
  return [];
}

function evenIn(from: number, to: number, distance: number): number[] {
  const first = Math.ceil(from / distance);
  const count = Math.max(0, Math.floor(to / distance) - first + 1);
  // Bounded: a range of centuries has millions of hours.
  return Array.from({ length: Math.min(count, 1000) }, (_, index) => (first + index) * distance);
}

function monthsIn(from: number, to: number, distance: number): number[] {
  const moments: number[] = [];
  const begin = new Date(from);
  let month = Math.floor((begin.getUTCFullYear() * 12 + begin.getUTCMonth()) / distance) * distance;
  for (; moments.length <= 1000; month += distance) {
    const moment = Date.UTC(Math.floor(month / 12), month % 12);
    if (moment > to) break;
    if (moment >= from) moments.push(moment);
  }
  return moments;
}

/** The shortest ISO 8601 form that shows the distance between ticks. */
function momentLabel(moment: number, distance: Unit): string {
  const iso = new Date(moment).toISOString();
  if ('months' in distance) return iso.slice(0, distance.months % 12 === 0 ? 4 : 7);
  return distance.milliseconds >= day ? iso.slice(0, 10) : `${iso.slice(5, 10)} ${iso.slice(11, 16)}`;
}
