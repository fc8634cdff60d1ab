/**
 * What requests cost that are refused: floods over loopback against the API program, each row for some seconds from an
 * address and against a process of its own, with the default limits.
 *
 *     node bench/flood.ts [anonymous] [bodies] [credentials] [frames] [streams] [--quick]
 *
 * Without names, all groups, which take about eight minutes; with --quick about five. For each row: the answers, the delay
 * of the event loop and the memory inside the process, a reader's slowest GET beside the flood, and the exact number of
 * queries (pg_stat_statements, without those that an idle process sends and the exchange of rate limits). Ends with 1 where a
 * budget is exceeded; delays mean something on a quiet machine only. Figures are also written to `bench/results/flood.json`.
 */
import { parseArgs } from 'node:util';
import { createMeasure } from './flood/measure.ts';
import { startPlatform } from './flood/platform.ts';
import { type Line, lineOf, note, print } from './flood/report.ts';
import { groups } from './flood/rows.ts';
import { writeResults } from './results.ts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
if (positionals.some((name) => !Object.hasOwn(groups, name))) {
  console.error(`node bench/flood.ts [${Object.keys(groups).join('] [')}] [--quick]`);
  process.exit(2);
}
const chosen = positionals.length > 0 ? positionals : Object.keys(groups);
const seconds = values.quick ? 2 : 6;

const platform = await startPlatform();
const measure = await createMeasure(platform, seconds);
const figures: Record<string, Record<string, object>> = {};
try {
  const idle = await measure.idle();
  print(note, { 'no flood': lineOf({}, idle, idle.statements).line });
  for (const group of chosen) {
    const { title, rows } = groups[group]!;
    const lines: Record<string, Line> = {};
    figures[group] = {};
    for (const row of rows) {
      const measured = await measure.flood({ group, name: row.name });
      const { line, statements } = lineOf(row, measured, idle.statements);
      lines[row.name] = line;
      figures[group][row.name] = { ...line, statements };
      if (line.exceeded) process.exitCode = 1;
    }
    print(title, lines);
  }
  await writeResults('flood', { seconds, figures });
} finally {
  await measure.close();
  await platform.stop();
}
