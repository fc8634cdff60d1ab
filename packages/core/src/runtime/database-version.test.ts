import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

/** The version whose behaviour the workarounds of `database-*.ts` are written for. */
const version = '3.4.9';

const whatToCheck = `
The workarounds in packages/core/src/runtime are written for postgres.js ${version}. With another version:
1. Read the changes between the two versions: connection.js, index.js and subscribe.js of postgres.js.
2. docs/adr/0015-postgres-js-and-its-workarounds.md lists the workarounds. Remove each one and see whether a test fails:
   npx vitest run packages/core/src/runtime tests/failover.test.ts tests/prepared-statements.test.ts
   npm run chaos -- postgres-restarted postgres-away listen-cut
3. Delete those that no test needs any more, and update the ADR.
4. Check that the option \`socket\` still exists, which the types do not know, and that a query still has \`state\`,
   \`strings\` and \`args\`, which database-guard.ts reads and writes.
5. Set the version in this test.
`;

test('postgres.js has the version that its workarounds are written for', async () => {
  const file = new URL('../package.json', import.meta.resolve('postgres'));
  const { version: installed } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
  expect(installed, whatToCheck).toBe(version);
});
