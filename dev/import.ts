import { createClient, problemOf } from '@portfolio/api/client';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { describeDifference } from './import/differences.ts';
import { importFolder } from './import/import-folder.ts';
import {
  credentialsFile,
  credentialsSchema,
  fromCommandFolder,
  readDevSettings,
  toCommandFolder,
} from './settings.ts';

const usage = `npm run import -- [--dry-run] <folder>

Creates or updates a portfolio from a folder: portfolio.md, a Markdown file for each case study, and the folders
metrics, evidence and artifacts; docs/import.md describes the format. Prints what is created, updated and unchanged, and
what differs. With --dry-run nothing is changed.
The address and the key are read from the data folder of npm start.`;

const parsed = readArguments();
if (!parsed) {
  console.error(usage);
  process.exit(1);
}
const { folder, dryRun } = parsed;
const keyFile = credentialsFile(readDevSettings().PORTFOLIO_DATA_DIR);
let changed = 0;

try {
  const text = await readFile(keyFile, 'utf8').catch(() => {
    throw new Error(
      `${toCommandFolder(keyFile)} does not exist: run npm start first, or set PORTFOLIO_DATA_DIR to the data folder of npm start.`,
    );
  });
  const api = createClient(credentialsSchema.parse(JSON.parse(text)));
  const { portfolio } = await importFolder(
    api,
    fromCommandFolder(folder),
    ({ what, change, differences }) => {
      if (change !== 'unchanged') changed++;
      console.log(`${change.padEnd(9)} ${what}`);
      for (const line of differences.flatMap(describeDifference)) console.log(`            ${line}`);
    },
    { dryRun },
  );
  console.log(
    dryRun
      ? `Nothing was changed: this was a dry run. Without --dry-run, ${changed} of these items would be.`
      : `Portfolio "${portfolio}" matches the folder.`,
  );
} catch (error) {
  console.error(describe(error));
  if (changed > 0 && !dryRun)
    console.error('The items listed above were imported. The import can be run again.');
  else console.error('Nothing was changed.');
  process.exit(1);
}

/** The arguments of the command; null if they are invalid. */
function readArguments(): { folder: string; dryRun: boolean } | null {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean', default: false } },
    });
    const [first, ...rest] = positionals;
    return first && rest.length === 0 ? { folder: first, dryRun: values['dry-run'] } : null;
  } catch {
    return null;
  }
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  switch (problemOf(error)?.code) {
    case 'unreachable':
    case 'timeout':
      return 'The platform does not respond. Is npm start running?';
    case 'unauthenticated':
      return `The platform rejects the key in ${toCommandFolder(keyFile)}. Restart it with npm start, which writes a new key.`;
    default:
      return error.message;
  }
}
