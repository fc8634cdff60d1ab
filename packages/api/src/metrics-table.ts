import { instruments } from '@portfolio/core/telemetry/contract';
import type { AnyInstrument, Labels } from '@portfolio/core/telemetry/instrument';
import { labelName, prometheusName } from '@portfolio/core/telemetry/prometheus-name';
import { table } from './rest/operations-table.ts';

const marker = '<!-- Written by `npm run openapi` from the contract; do not edit what follows. -->\n';

/** The guide to telemetry with the current tables of metrics, which are its end. */
export function withMetrics(guide: string): string {
  const [head, tables] = guide.split(marker);
  if (tables === undefined) throw new Error(`docs/telemetry.md has no line ${marker}`);
  return head + marker + Object.entries(instruments).map(describeGroup).join('');
}

function describeGroup([title, group]: [string, Readonly<Record<string, AnyInstrument>>]): string {
  const rows = Object.values(group).map((instrument) => [
    `\`${prometheusName(instrument)}\``,
    `${kindOf(instrument)}. ${instrument.description}`,
    describeLabels(instrument.labels),
    instrument.programs.map((program) => (program === 'api' ? 'API' : program)).join(', '),
  ]);
  return `\n### ${title}\n\n${table([['Metric', 'Meaning', 'Labels', 'Of'], ...rows])}`;
}

function kindOf({ kind, buckets }: AnyInstrument): string {
  if (kind === 'gauge') return '_Gauge_';
  return buckets ? `_Histogram_, ${buckets[0]} to ${buckets.at(-1)}` : '_Counter_';
}

const describeLabels = (labels: Labels) =>
  Object.entries(labels)
    .map(([name, values]) => {
      const described =
        'most' in values
          ? `at most ${values.most} ${values.of}`
          : values.map((value) => `\`${value}\``).join(', ');
      return `\`${labelName(name)}\`: ${described}`;
    })
    .join('; ') || '–';
