import type {
  BatchObservableResult,
  Counter as OtelCounter,
  Histogram as OtelHistogram,
  Meter,
} from '@opentelemetry/api';

/** Values that code makes from registered things, such as routes: at most `most` of them, and `_OTHER` for the rest. */
type Open = { readonly most: number; readonly of: string };

/** Each label with all of its values, or with their largest number. What a client sends is never a label. */
export type Labels = Readonly<Record<string, readonly string[] | Open>>;

/** The values of one series. */
export type Values<L extends Labels> = {
  readonly [Name in keyof L]: L[Name] extends readonly (infer Value extends string)[] ? Value : string;
};

/** `s` (seconds), `By` (bytes), `1` (a ratio or a state), or what is counted in braces. */
type Unit = 's' | 'By' | '1' | `{${string}}`;

/** Which of the programs has the series. */
export type Program = 'api' | 'worker';

type Declared<L extends Labels> = {
  /** By the semantic conventions of OpenTelemetry; without a convention, below `portfolio.`. */
  readonly name: string;
  readonly unit: Unit;
  /** What a value means, as a sentence. */
  readonly description: string;
  readonly programs: readonly Program[];
  readonly labels: L;
};

type WithBuckets = {
  /** The upper bounds of the buckets, in the unit. */
  readonly buckets: readonly number[];
};

type Kind = 'counter' | 'total' | 'gauge' | 'histogram';

/** What every instrument has, whatever it measures. */
export type AnyInstrument = Declared<Labels> & {
  readonly kind: Kind;
  readonly buckets?: readonly number[];
  /** Called once by the runtime, where telemetry is on. */
  connect(meter: Meter): void;
  /** Called where telemetry ends. */
  disconnect(): void;
};

export const otherValue = '_OTHER';

/** The values of one label that were seen, so that no more than it may have become series. */
function createBounds<L extends Labels>(labels: L): (given: Values<L>) => Values<L> {
  const seen = new Map<string, Set<string>>();
  for (const [name, values] of Object.entries(labels)) if ('most' in values) seen.set(name, new Set());
  if (seen.size === 0) return (given) => given;
  return (given) => {
    let bounded: Values<L> = given;
    for (const [name, values] of seen) {
      const value: string = given[name]!;
      if (values.has(value)) continue;
      if (values.size < (labels[name] as Open).most) values.add(value);
      else bounded = { ...bounded, [name]: otherValue };
    }
    return bounded;
  };
}

const closed = (values: Labels[string]): values is readonly string[] => !('most' in values);

/** Every series that an instrument can have; none if a label is open. */
export function allSeries(labels: Labels): Record<string, string>[] {
  const entries = Object.entries(labels);
  if (!entries.every(([, values]) => closed(values))) return [];
  return entries.reduce<Record<string, string>[]>(
    (series, [name, values]) =>
      series.flatMap((one) => (values as readonly string[]).map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

const noop = () => {};

const optionsOf = ({ unit, description }: Declared<Labels>) => ({ unit, description });

/**
 * Counts events. Series with closed labels begin at 0, so that the first event is an increase. Without telemetry, `add` does
 * nothing.
 */
export function counter<const L extends Labels>(declared: Declared<L>) {
  const bound = createBounds(declared.labels);
  let connected: OtelCounter | undefined;
  return {
    ...declared,
    kind: 'counter' as const,
    add(count: number, ...[values]: {} extends Values<L> ? [] : [Values<L>]) {
      connected?.add(count, values && bound(values));
    },
    connect(meter: Meter) {
      connected = meter.createCounter(declared.name, optionsOf(declared));
      for (const series of allSeries(declared.labels)) connected.add(0, series);
    },
    disconnect() {
      connected = undefined;
    },
  };
}

/** Distributes values over buckets. For the path of every request, use `hotHistogram`. */
export function histogram<const L extends Labels>(declared: Declared<L> & WithBuckets) {
  const bound = createBounds(declared.labels);
  let connected: OtelHistogram | undefined;
  return {
    ...declared,
    kind: 'histogram' as const,
    record(value: number, ...[values]: {} extends Values<L> ? [] : [Values<L>]) {
      connected?.record(value, values && bound(values));
    },
    connect(meter: Meter) {
      const { buckets } = declared;
      connected = meter.createHistogram(declared.name, {
        ...optionsOf(declared),
        advice: { explicitBucketBoundaries: [...buckets] },
      });
    },
    disconnect() {
      connected = undefined;
    },
  };
}

/** What a source reports of the present: a value for each series. */
type Observed<L extends Labels> = { value: number; labels: Values<L> };
type Source<L extends Labels> = () => Iterable<Observed<L>> | Promise<Iterable<Observed<L>>>;

function observed<const L extends Labels, const K extends 'gauge' | 'total'>(kind: K, declared: Declared<L>) {
  const sources = new Set<Source<L>>();
  const bound = createBounds(declared.labels);
  let disconnect = noop;

  async function observe(result: { observe(value: number, values: Values<L>): void }) {
    const found = await Promise.allSettled([...sources].map(async (source) => source()));
    for (const one of found)
      if (one.status === 'fulfilled')
        for (const { value, labels } of one.value) result.observe(value, bound(labels));
  }

  return {
    ...declared,
    kind,
    /** Reads the source at each collection, until the returned function is called. A source that fails has no series. */
    observe(source: Source<L>): () => void {
      sources.add(source);
      return () => sources.delete(source);
    },
    connect(meter: Meter) {
      const create = kind === 'gauge' ? 'createObservableGauge' : 'createObservableCounter';
      const instrument = meter[create](declared.name, optionsOf(declared));
      const callback = (result: BatchObservableResult) =>
        observe({ observe: (value, values) => result.observe(instrument, value, values) });
      meter.addBatchObservableCallback(callback, [instrument]);
      disconnect = () => meter.removeBatchObservableCallback(callback, [instrument]);
    },
    disconnect: () => disconnect(),
  };
}

/** A value of the present, which is read at each collection. */
export const gauge = <const L extends Labels>(declared: Declared<L>) => observed('gauge', declared);

/** A count that the program keeps anyway, which is read at each collection: for the path of every request. */
export const total = <const L extends Labels>(declared: Declared<L>) => observed('total', declared);

/** One series of a hot histogram: cumulative since the start. */
export type HotSeries = {
  readonly labels: Readonly<Record<string, string>>;
  readonly counts: number[];
  sum: number;
  count: number;
  record(value: number): void;
};

export type HotHistogram = AnyInstrument &
  Required<WithBuckets> & { allHot(): Iterable<HotSeries>; readonly isHot: true };

/**
 * A histogram whose series are looked up once and then take some nanoseconds a value, where the SDK takes a microsecond to
 * find the series by its labels. The runtime reads it at each collection.
 */
export function hotHistogram<const L extends Labels>(declared: Declared<L> & WithBuckets) {
  const { buckets, labels } = declared;
  const bound = createBounds(labels);
  const all = new Map<string, HotSeries>();
  return {
    ...declared,
    kind: 'histogram' as const,
    isHot: true as const,
    /** The series with these labels. Keep it: this looks it up. */
    series(values: Values<L>): HotSeries {
      const bounded = bound(values) as Record<string, string>;
      const key = JSON.stringify(bounded);
      let found = all.get(key);
      if (!found) {
        found = createHotSeries(bounded, buckets);
        all.set(key, found);
      }
      return found;
    },
    allHot: () => all.values(),
    connect() {},
    disconnect() {},
  };
}

function createHotSeries(labels: Record<string, string>, buckets: readonly number[]): HotSeries {
  const counts = Array.from({ length: buckets.length + 1 }, () => 0);
  return {
    labels,
    counts,
    sum: 0,
    count: 0,
    record(value) {
      let at = 0;
      while (at < buckets.length && value > buckets[at]!) at += 1;
      counts[at]! += 1;
      this.sum += value;
      this.count += 1;
    },
  };
}
