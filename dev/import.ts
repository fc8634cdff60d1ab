import { createClient, problemOf } from '@portfolio/api/client';
import { readFile } from 'node:fs/promises';
import { importFolder } from './import/import-folder.ts';
import { ImportError } from './import/read-folder.ts';
import { credentialsFile, credentialsSchema, readDevSettings } from './settings.ts';

const usage = `npm run import -- <folder>

Creates or updates a portfolio from a folder of Markdown: portfolio.md and a file for each case study.
The address and the key are those that npm start has left in its data folder.`;

const [folder, ...rest] = process.argv.slice(2);
if (!folder || rest.length > 0 || folder.startsWith('-')) {
  console.error(usage);
  process.exit(2);
}

try {
  const file = credentialsFile(readDevSettings().PORTFOLIO_DATA_DIR);
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`There is no ${file}: run npm start first, or set PORTFOLIO_DATA_DIR as it was there.`);
  });
  const { portfolio } = await importFolder(
    createClient(credentialsSchema.parse(JSON.parse(text))),
    folder,
    ({ what, change }) => console.log(`${change.padEnd(9)} ${what}`),
  );
  console.log(`Portfolio "${portfolio}" holds what the folder says.`);
} catch (error) {
  console.error(describe(error));
  if (!(error instanceof ImportError)) console.error('Nothing more was imported; it can be run again.');
  process.exit(1);
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const isAway = problemOf(error)?.code === 'unreachable';
  return isAway ? 'The platform does not answer: is npm start running?' : error.message;
}
