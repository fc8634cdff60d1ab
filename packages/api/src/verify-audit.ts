/**
 * Recomputes the hash chains of the audit log, and says of each whether it is whole; of one that is not, what is wrong
 * first. It connects as the API does. Ends with 1 if a chain is broken, and with 2 if it could not look.
 */
import { nameOf } from '@portfolio/core/audit/chain';
import { type Held, type Verified, verifyAudit } from '@portfolio/core/audit/verify';
import { openDatabase } from '@portfolio/core/runtime/database';
import { openSignIn } from '@portfolio/core/runtime/database-sign-in';
import { createLog } from '@portfolio/core/runtime/log';
import { readSettings, databaseSettings } from '@portfolio/core/runtime/settings';
import { parseArgs } from 'node:util';

const usage = `verify-audit [--portfolio <slug>] [--head <chain>:<number>:<hash>] …

Verifies the audit log of all portfolios, or of one. --head gives a head that was noted outside of the database, as
audit.head and the log of the worker show it: only with one can it be noticed that a chain was rewritten to its end.`;

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { portfolio: { type: 'string' }, head: { type: 'string', multiple: true, default: [] } },
    });
    return { slug: values.portfolio, held: new Map(values.head.map(readHead)) };
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, {
      cause: error,
    });
  }
}

function readHead(text: string): [chain: string | null, held: Held] {
  const [, chain, number, hash] = /^(platform|pf_\w+):(\d+):([0-9a-f]{64})$/.exec(text) ?? [];
  if (chain === undefined) throw new Error(`Expected <chain>:<number>:<hash> as --head, but got "${text}".`);
  return [chain === nameOf(null) ? null : chain, { number: Number(number), hash: hash! }];
}

const title = ({ chain, portfolio }: Verified) =>
  chain === null ? 'the platform' : `portfolio ${portfolio ?? '(deleted)'} (${chain})`;

function describe(verified: Verified): string {
  const { seals, entries, unsealed, head, problem } = verified;
  if (problem !== null) return `BROKEN  ${title(verified)}: ${problem}`;
  return `ok      ${title(verified)}: entries: ${entries}, seals: ${seals}, unsealed: ${unsealed}, head: ${head ?? 'none'}`;
}

/** Resolves to the number of broken chains. */
async function run(): Promise<number> {
  const which = readArguments();
  const settings = readSettings(databaseSettings);
  const log = createLog('verify-audit', 'warn');
  const signIn = await openSignIn(settings, log);
  const pool = { poolSize: 1, applicationName: 'portfolio-verify-audit', statementSeconds: 600, log, signIn };
  const database = openDatabase({ url: settings.DATABASE_URL, ...pool });
  let [chains, broken] = [0, 0];
  try {
    for await (const verified of verifyAudit(database.db, which)) {
      console.log(describe(verified));
      chains += 1;
      if (verified.problem !== null) broken += 1;
    }
  } finally {
    await database.close();
    signIn.close();
  }
  if (chains === 0 && which.slug !== undefined)
    throw new Error(`There is no portfolio "${which.slug}" with an audit log.`);
  console.log(`Chains: ${chains}, broken: ${broken}.`);
  return broken;
}

try {
  process.exitCode = (await run()) === 0 ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
