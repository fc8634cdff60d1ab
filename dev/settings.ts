import { readSettings } from '@portfolio/core/runtime/settings';
import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { inRepository } from './repository.ts';

/** The folder in which the user entered the command: npm runs its scripts at the root of the repository. */
const commandFolder = process.env.INIT_CWD ?? process.cwd();

/** The absolute path of a path that the user entered. */
export const fromCommandFolder = (path: string) => resolve(commandFolder, path);

/** A path relative to the folder of the command. */
export const toCommandFolder = (path: string) => relative(commandFolder, path) || '.';

const portRange = 'Expected a port: a whole number from 1 to 65535.';
const port = z.coerce.number(portRange).int(portRange).min(1, portRange).max(65_535, portRange);
const schema = z.object({
  PORT: port.default(3000),
  /** For `sst dev`. Constant, so that the file that reload.ts reads stays valid for the next run. */
  DATABASE_PORT: port.default(54_320),
  PORTFOLIO_DATA_DIR: z.string().transform(fromCommandFolder).default(inRepository('.local')),
  /** An OpenTelemetry collector, or a viewer of traces that is one: API and worker send their traces to it. */
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'Expected a URL that begins with http:// or https://.' })
    .optional(),
});

/** Settings of the commands that developers run. An invalid one ends the process with an error message. */
export function readDevSettings(): z.output<typeof schema> {
  try {
    return readSettings(schema);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(1);
  }
}

/** The tools that `npm run verify` skips. */
export function readVerifySettings(tools: string[]) {
  const names = z
    .string()
    .default('')
    .transform(splitNames)
    .pipe(z.array(z.enum(tools)));
  return readSettings(z.object({ VERIFY_SKIP: names }));
}

const splitNames = (list: string) => list.split(',').flatMap((name) => name.trim() || []);

/** The URL of the API and an API key of its owner, stored by `npm start` for other commands. */
export const credentialsSchema = z.object({ baseUrl: z.url(), apiKey: z.string() });

export const credentialsFile = (dataDir: string) => join(dataDir, 'credentials.json');

/** The key with which local tokens are signed, created by `npm start`. */
export const issuerKeyFile = (dataDir: string) => join(dataDir, 'issuer-key.json');

/** The port at which people sign in locally, chosen by the first `npm start`: it is a part of who they are. */
export const signInPortFile = (dataDir: string) => join(dataDir, 'sign-in-port');

/** The keys by which the local database encrypts secrets, created by `npm start`. */
export const encryptionKeysFile = (dataDir: string) => join(dataDir, 'encryption-keys.json');

/** The environment variables that child processes inherit besides their settings. */
export const inheritedEnvironment = () => ({ PATH: process.env.PATH, HOME: process.env.HOME });

/** All environment variables, for package managers: they configure the registry and proxies. */
export const wholeEnvironment = () => ({ ...process.env });

/** The banner that `npm run` printed before it ran this program; null if it printed none. */
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
