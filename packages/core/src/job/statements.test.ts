import { Param, Placeholder } from 'drizzle-orm';
import { format } from 'sql-formatter';
import { expect, test } from 'vitest';
import { type Query, readStatements } from '../../../../tests/support/statements.ts';

/** One clause a line, no quotes around identifiers, and `:name` or the value itself instead of `$1`. */
function readable({ sql, params }: Query): string {
  const unquoted = sql.replaceAll(/'[^']*'|"(\w+)"/g, (match, name?: string) => name ?? match);
  const formatted = format(unquoted, { language: 'postgresql', expressionWidth: 100 });
  return formatted.replaceAll(/\$(\d+)/g, (_, number: string) => {
    const param = params[Number(number) - 1];
    const value = param instanceof Param ? param.value : param;
    return value instanceof Placeholder ? `:${String(value.name)}` : JSON.stringify(value);
  });
}

test('the SQL of every statement about jobs is the reviewed one (statements.sql)', async () => {
  const statements = [...readStatements()]
    .filter(([name]) => name.startsWith('job_'))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, query]) => `-- ${name}\n${readable(query)};\n`);
  await expect(statements.join('\n')).toMatchFileSnapshot('statements.sql');
});
