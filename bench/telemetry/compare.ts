import { inRepository } from '../../dev/repository.ts';
import { type Table, quantile, round } from '../jobs/report.ts';
import { median } from '../side-by-side.ts';

export type Options = {
  /** How often new processes are started. */
  starts: number;
  /** How often each of them is measured, in turn with the others. */
  rounds: number;
  /** The collector. */
  endpoint: string;
  isProfiled: boolean;
};

const contenders = ['off', 'off once more', 'on'] as const;
export type Contender = (typeof contenders)[number];

/** Microseconds of each round, which are at the same place for all contenders. */
export type Measured = {
  title: string;
  note: string;
  mostPercent: number;
  rounds: Record<Contender, number[]>;
};

/** The settings of a contender: of the same length, and read by the same code. */
export const settingsOf = (contender: Contender, endpoint: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_SDK_DISABLED: contender === 'on' ? 'false' : 'true',
});

/** The flags of Node for the profile of a contender. */
export const profileFlags = (contender: Contender) => [
  '--cpu-prof',
  `--cpu-prof-dir=${inRepository('bench/results')}`,
  `--cpu-prof-name=telemetry-${contender.replaceAll(' ', '-')}-${Date.now()}.cpuprofile`,
];

/** Another one is first in each round, since what runs first after a pause may be slower. */
export const inTurn = (at: number): Contender[] => [
  ...contenders.slice(at % contenders.length),
  ...contenders.slice(0, at % contenders.length),
];

export const noRounds = (): Record<Contender, number[]> => ({ off: [], 'off once more': [], on: [] });

/** Costs are relative to the mean of both that are off, within a round: what changes with time is the same for all. */
export function compare({ title, note, mostPercent, rounds }: Measured): Table {
  const off = rounds.off.map((value, at) => (value + rounds['off once more'][at]!) / 2);
  const lines = contenders.map((contender) => {
    const costs = rounds[contender].map((value, at) => (value / off[at]! - 1) * 100);
    const percent = median(costs);
    const figures = {
      'cost, %': round(percent),
      'spread, %': `${round(quantile(costs, 0.25))} to ${round(quantile(costs, 0.75))}`,
      'CPU, µs': round(median(rounds[contender]), 1),
    };
    return [contender, contender === 'on' ? { ...figures, limit: verdict(percent, mostPercent) } : figures];
  });
  return { title, note, lines: Object.fromEntries(lines) };
}

const verdict = (percent: number, most: number) => `${percent <= most ? 'within' : 'beyond'} ${most} %`;
