import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

export type RequestOptions = {
  method?: string;
  path?: string;
  headers?: Record<string, string | string[]>;
  body?: string | Buffer;
  /** The client certificate and its key. */
  cert?: string;
  key?: string;
  agent?: Agent;
};

export type Answer = { status: number; headers: IncomingMessage['headers']; body: string };

/** Sends a request to localhost over TLS. The server's certificate must be issued by `ca`. */
export async function send(
  port: number,
  ca: string,
  { path = '/', body, agent = new Agent({ maxCachedSessions: 0 }), ...options }: RequestOptions = {},
): Promise<Answer> {
  const clientRequest = request({
    host: '127.0.0.1',
    servername: 'localhost',
    port,
    ca,
    path,
    agent,
    ...options,
  });
  clientRequest.end(body);
  const [response] = (await once(clientRequest, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}
