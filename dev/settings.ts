import { readSettings } from '@portfolio/core/runtime/settings';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { inRepository } from './repository.ts';

/** Where a command was given: npm runs its scripts at the root of the repository. */
const commandFolder = process.env.INIT_CWD ?? process.cwd();

/** The absolute path that a person means. */
export const fromCommandFolder = (path: string) => resolve(commandFolder, path);

/** A path as the person would write it. */
export const toCommandFolder = (path: string) => relative(commandFolder, path) || '.';

const portRange = 'Expected a port: a whole number from 1 to 65535.';
const port = z.coerce.number(portRange).int(portRange).min(1, portRange).max(65_535, portRange);
const schema = z.object({
  PORT: port.default(3000),
  /** Of `sst dev`. Always the same, so that what reload.ts reads holds for the next run, too. */
  DATABASE_PORT: port.default(54_320),
  PORTFOLIO_DATA_DIR: z.string().transform(fromCommandFolder).default(inRepository('.local')),
});

/** Settings of the commands that developers run. One that is invalid ends the process, which says what is wrong. */
export function readDevSettings(): z.output<typeof schema> {
  try {
    return readSettings(schema);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(1);
  }
}

/** Which of its tools `npm run verify` leaves out. */
export function readVerifySettings(tools: string[]) {
  const names = z
    .string()
    .default('')
    .transform(splitNames)
    .pipe(z.array(z.enum(tools)));
  return readSettings(z.object({ VERIFY_SKIP: names }));
}

const splitNames = (list: string) => list.split(',').flatMap((name) => name.trim() || []);

/** What `npm start` leaves for other commands: where the API is, and a key of its owner. */
export const credentialsSchema = z.object({ baseUrl: z.url(), apiKey: z.string() });

export const credentialsFile = (dataDir: string) => join(dataDir, 'credentials.json');

/** Where `npm start` keeps the key with which local tokens are signed. */
export const issuerKeyFile = (dataDir: string) => join(dataDir, 'issuer-key.json');

/** The part of the environment that child processes get besides their settings. */
export const inheritedEnvironment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME });

/** All of it, for package managers: it says where their registry is, and how to get there. */
export const wholeEnvironment = () => ({ ...process.env });

/** What `npm run` has printed before the script that is this program; null where it printed nothing. */
export function bannerOfNpm(): string | null {
  const {
    npm_lifecycle_event: event,
    npm_lifecycle_script: script,
    npm_config_loglevel: level,
  } = process.env;
  const { npm_package_name: name, npm_package_version: version } = process.env;
  if (!event || !script || level === 'silent') return null;
  const title = version ? `${name}@${version} ${event}` : event;
  return `\n> ${title}\n> ${[script, ...process.argv.slice(2)].join(' ')}\n\n`;
}
