export const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Prints the median rate of each way, under the heading `unit`, and its ratio to the first one, under `ratio`. */
export function printRates(rates: Map<string, number[]>, { unit, ratio }: { unit: string; ratio: string }) {
  const base = median([...rates.values()][0]!);
  const rows = [...rates].map(([name, values]) => [
    name,
    { [unit]: Math.round(median(values)), [ratio]: (median(values) / base).toFixed(2) },
  ]);
  console.table(Object.fromEntries(rows));
}
