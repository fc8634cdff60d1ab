/** Figures by line and column; ratios come first. */
export type Table = { title: string; note: string; lines: Record<string, Record<string, number | string>> };

export const round = (value: number, digits = 2) => Number(value.toFixed(digits));

/** The value below which this share of all values lies. */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

export function print({ title, note, lines }: Table): void {
  console.log(`\n${title}\n${note}`);
  console.table(lines);
}
