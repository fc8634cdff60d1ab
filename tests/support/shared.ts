import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { inject } from 'vitest';

/** The shared resources of a run, created in its main process when the first test file requests them (run.ts). */
export interface Shared {
  /** The superuser's connection string to the Postgres of this run, and the migrated database to copy. */
  cluster: { url: string; template: string };
  /** The file with all resources of a stage (its name is the argument). */
  stage: string;
}

const known = new Map<string, Promise<unknown>>();

/** Resolves to a shared resource once it is created. Rejects if it could not be created. */
export function shared<Name extends keyof Shared>(name: Name, argument = ''): Promise<Shared[Name]> {
  const path = `/${name}/${argument}`;
  const one = known.get(path) ?? ask(path);
  known.set(path, one);
  return one as Promise<Shared[Name]>;
}

/** By node:http, since fetch times out after five minutes. */
async function ask(path: string): Promise<unknown> {
  const asked = request(inject('sharedUrl') + path, { agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if (response.statusCode !== 200)
    throw new Error(`The shared resource ${path} could not be created: ${answer}`);
  return JSON.parse(answer) as unknown;
}
