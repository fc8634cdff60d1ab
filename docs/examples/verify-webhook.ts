import { createHmac, timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { text } from 'node:stream/consumers';

// Run it with the webhook's secret and a port, behind a proxy that terminates TLS.
const [secret = '', port = '8080'] = process.argv.slice(2);
const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
const toleranceSeconds = 5 * 60;

/** Whether the message was signed with the secret, is unchanged, and is not an old one that is replayed. */
function isGenuine(headers: IncomingHttpHeaders, body: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  const ageSeconds = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(ageSeconds <= toleranceSeconds)) return false;
  const expected = createHmac('sha256', key)
    .update(`${id as string}.${timestamp as string}.${body}`)
    .digest();
  return String(signatures)
    .split(' ')
    .map((signature) => Buffer.from(signature.replace('v1,', ''), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

/** Messages are delivered at least once: the same id is the same message. */
const seen = new Set<string>();

async function receive(request: IncomingMessage, response: ServerResponse) {
  const body = await text(request);
  if (!isGenuine(request.headers, body)) return response.writeHead(401).end();
  const id = String(request.headers['webhook-id']);
  if (!seen.has(id)) console.log(body);
  seen.add(id);
  return response.writeHead(204).end();
}

const server = createServer((request, response) => {
  receive(request, response).catch(() => response.destroy());
});
server.listen(Number(port), '127.0.0.1', () => console.log(JSON.stringify(server.address())));
