/**
 * What requests cost that are refused: floods over loopback against the API program, each row for some seconds from an
 * address and against a process of its own.
 *
 *     node bench/flood.ts [anonymous] [bodies] [credentials] [frames] [streams] [--quick]
 *
 * Without names, all groups, which take about eight minutes; with --quick about five. For each row: the answers; the longest
 * turn of the event loop, in processor time and as a delay; a reader's slowest GET beside the flood; queries, exactly
 * (pg_stat_statements, without what an idle process sends and the exchange of rate limits); what was taken of bodies; memory.
 * Ends with 1 where a budget is exceeded. Delays mean something on a quiet machine only, the budgets hold on any. Figures are
 * also written to `bench/results/flood.json`.
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
