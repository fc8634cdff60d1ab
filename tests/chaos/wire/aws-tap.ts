import { once } from 'node:events';
import { Agent, type IncomingMessage, type ServerResponse, createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { type Outcome, type Request, createRules } from './rules.ts';

/**
 * A proxy in front of SQS and S3 that applies rules to each request: before the server gets it, or after it was carried
 * out and before the client gets the response.
 */
export async function tapAws(target: string) {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  const rules = createRules();
  let isDown = false;

  /** Forwards the request; resolves to the response when its headers have arrived. */
  async function forward(
    incoming: IncomingMessage,
    response: ServerResponse,
    body: Buffer | undefined,
    isHalf: boolean,
  ) {
    const { method, url: path, headers } = incoming;
    const outgoing = send({ hostname, port, method, path, headers, agent });
    // A disconnected client does not wait for messages any longer.
    response.once('close', () => outgoing.destroy());
    const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
    answered.catch(() => {});
    if (body) outgoing.end(body);
    else if (isHalf) await sendHalf(incoming, outgoing);
    else await pipeline(incoming, outgoing);
    const [answer] = await answered;
    return answer;
  }

  async function handle(incoming: IncomingMessage, response: ServerResponse) {
    const isSqs = incoming.headers['x-amz-target'] !== undefined;
    const body = isSqs ? await buffer(incoming) : undefined;
    const request = describe(incoming, body);
    const before = await rules.decide('before', request);
    if (await refuses(before, response)) return;
    const answer = await forward(incoming, response, body, before === 'half');
    const answerBody = isSqs ? await buffer(answer) : undefined;
    const after = await rules.decide('after', request, answerBody?.toString());
    if (await refuses(after, response)) return;
    response.writeHead(answer.statusCode!, answer.headers);
    if (answerBody) response.end(answerBody);
    else await pipeline(answer, response);
  }

  const server = createServer((incoming, response) => {
    if (isDown) response.destroy();
    else handle(incoming, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...rules,
    /** Closes all connections, and new ones at their first request, until `up`. */
    down() {
      isDown = true;
      server.closeAllConnections();
    },
    up: () => void (isDown = false),
    async stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

export type AwsTap = Awaited<ReturnType<typeof tapAws>>;

function describe({ headers, method, url = '' }: IncomingMessage, body: Buffer | undefined): Request {
  const action = String(headers['x-amz-target'] ?? '').split('.')[1];
  return action === undefined
    ? { to: 's3', name: method ?? '', text: decodeURIComponent(url) }
    : { to: 'sqs', name: action, text: body?.toString() ?? '' };
}

/** Applies an outcome that stops the request; false if the request continues. */
async function refuses(outcome: Outcome, response: ServerResponse): Promise<boolean> {
  if (outcome === 'pass' || outcome === 'half') return false;
  if (outcome === 'hang') return true;
  if (outcome === 'cut') response.destroy();
  else response.writeHead(outcome.status, { 'content-type': 'application/x-amz-json-1.0' }).end(outcome.body);
  return true;
}

async function sendHalf(incoming: IncomingMessage, outgoing: ReturnType<typeof send>): Promise<never> {
  for await (const chunk of incoming) {
    outgoing.write((chunk as Buffer).subarray(0, Math.ceil((chunk as Buffer).length / 2)));
    break;
  }
  outgoing.destroy();
  throw new Error('The connection broke within the body.');
}
