import type { AnyInstrument } from './instrument.ts';

const suffixes: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

/**
 * The name of an instrument in Prometheus, as the OpenTelemetry collector makes it: with its unit, and `_total` for what
 * only grows. The series of a histogram add `_bucket`, `_sum` and `_count`.
 */
export function prometheusName({ name, unit, kind }: Pick<AnyInstrument, 'name' | 'unit' | 'kind'>): string {
  const ratio = unit === '1' && kind === 'gauge' ? '_ratio' : '';
  const suffix = kind === 'counter' || kind === 'total' ? '_total' : '';
  return `${labelName(name)}${suffixes[unit] ?? ratio}${suffix}`;
}

/** The name of a label in Prometheus. */
export const labelName = (name: string): string => name.replaceAll(/[^a-zA-Z0-9]+/g, '_');
