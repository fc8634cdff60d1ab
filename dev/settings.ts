import { readSettings } from '@portfolio/core/runtime/settings';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  PORT: z.coerce.number().int().min(1).max(65_535).default(3000),
  PORTFOLIO_DATA_DIR: z.string().default('.local'),
});

/** Settings of the commands that developers run. */
export const readDevSettings = () => readSettings(schema);

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
