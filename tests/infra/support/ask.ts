import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

export type Asked = {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** What the client shows of itself. */
  cert?: string;
  key?: string;
  agent?: Agent;
};

export type Answer = { status: number; headers: IncomingMessage['headers']; body: string };

/** Asks localhost over TLS, whose certificate must be from the authority `ca`. */
export async function ask(
  port: number,
  ca: string,
  { path = '/', body, agent = new Agent({ maxCachedSessions: 0 }), ...asked }: Asked = {},
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', servername: 'localhost', port, ca, path, agent, ...asked });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}
