import type { Measured } from './measure.ts';
import type { Row } from './rows.ts';
import { type Statements, callsOf, withoutBackground } from './statements.ts';

const mebibyte = 1024 * 1024;
const budgetMilliseconds = 50;
/** The most that any operation accepts; the rest of a larger body is not taken. */
const budgetBodyMebibytes = 8;

type Budgets = Pick<Row, 'queries' | 'letIn'>;

/** The figures of a row, and which budgets it exceeds. */
export type Line = {
  answers: string;
  'longest turn, ms of CPU': number;
  'delay p99, ms': number;
  'delay max, ms': number;
  "reader's slowest, ms": number;
  'queries an answer': number;
  'CPU an answer, ms': number;
  'MiB an answer': number;
  'RSS, MiB': number;
  exceeded: string;
};

/** `background` is what a process sends to which no flood comes. */
export function lineOf(budgets: Budgets, measured: Measured, background: Statements) {
  const statements = withoutBackground(measured.statements, background);
  const count = Object.values(measured.answers).reduce((sum, each) => sum + each, 0);
  const line: Line = {
    answers: answersOf(measured),
    'longest turn, ms of CPU': Math.round(measured.longestTurnMilliseconds),
    'delay p99, ms': Math.round(measured.delayP99Milliseconds),
    'delay max, ms': Math.round(measured.delayMaxMilliseconds),
    "reader's slowest, ms": Math.round(measured.slowestMilliseconds),
    'queries an answer': hundredths(callsOf(statements) / Math.max(1, count)),
    'CPU an answer, ms': count > 0 ? hundredths(measured.cpuMilliseconds / count) : 0,
    'MiB an answer': hundredths(measured.bodyBytes / mebibyte / Math.max(1, count)),
    'RSS, MiB': Math.round(measured.rssGrowthMebibytes),
    exceeded: '',
  };
  line.exceeded = exceededBy(budgets, measured, line).join(', ');
  return { line, statements: Object.fromEntries(statements) };
}

function exceededBy(budgets: Budgets, measured: Measured, line: Line): string[] {
  const { queries = 0, letIn = 0 } = budgets;
  const sum = (isCounted: (answer: string) => boolean) =>
    Object.entries(measured.answers).reduce(
      (all, [answer, count]) => all + (isCounted(answer) ? count : 0),
      0,
    );
  const exceeded = {
    delay: measured.longestTurnMilliseconds > budgetMilliseconds,
    queries: queries !== null && line['queries an answer'] > queries,
    body: line['MiB an answer'] > budgetBodyMebibytes,
    'let in': sum((answer) => /^([23]|waiting)/.test(answer)) > letIn,
    failed: sum((answer) => answer.startsWith('5')) > 0,
    reader: measured.failed > 0,
  };
  return Object.entries(exceeded).flatMap(([name, isExceeded]) => (isExceeded ? [name] : []));
}

function answersOf({ answers, seconds }: Measured): string {
  const counts = Object.entries(answers).map(([answer, count]) => `${answer}: ${count}`);
  return `${counts.join(', ') || 'none'} in ${seconds.toFixed(1)} s`;
}

const hundredths = (value: number) => Math.round(value * 100) / 100;

export function print(title: string, lines: Record<string, Line>) {
  console.log(`\n${title}`);
  console.table(lines);
}

export const note = `Budgets: the event loop is not held up for more than ${budgetMilliseconds} ms of its own processor time; no query for what is refused, but those that find a good key and a role; no more than ${budgetBodyMebibytes} MiB of a body.`;
