import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { TLSSocket, createSecureContext } from 'node:tls';
import { isSignedToken } from './aws-token.ts';

type Front = {
  /** Its host name. */
  host: string;
  region: string;
  secretKey: string;
  certificate: { key: string; cert: string };
};

/**
 * Simulates the endpoint of Amazon RDS in front of a Postgres server that trusts it: it requires TLS, and verifies IAM
 * tokens instead of passwords. `move` forwards new connections to another server, as the host name does after a failover.
 */
export async function simulateRds(target: string, { host, region, secretKey, certificate }: Front) {
  const secureContext = createSecureContext(certificate);
  const tokens: string[] = [];
  const sockets = new Set<Socket>();
  let upstreamUrl = new URL(target);
  let clockAheadSeconds = 0;

  async function serve(plain: Socket) {
    sockets.add(plain);
    await take(plain, 8);
    plain.write('S');
    const client = new TLSSocket(plain, { isServer: true, secureContext });
    client.on('error', () => plain.destroy());
    const length = await take(client, 4);
    const parameters = await take(client, length.readInt32BE() - 4);
    const user = /\0user\0([^\0]*)/.exec(parameters.toString('latin1'))![1]!;
    client.write(askForPassword);
    const head = await take(client, 5);
    const token = (await take(client, head.readInt32BE(1) - 4)).subarray(0, -1).toString();
    const wanted = {
      host: `${host}:${portOf(server)}`,
      query: { Action: 'connect', DBUser: user },
      service: 'rds-db',
      region,
      secretKey,
      now: Date.now() + clockAheadSeconds * 1000,
    };
    if (isSignedToken(token, wanted)) {
      tokens.push(token);
      passOn(plain, client, Buffer.concat([length, parameters]));
    } else client.end(refusalOf(user));
  }

  function passOn(plain: Socket, client: TLSSocket, startup: Buffer) {
    const upstream = connect(Number(upstreamUrl.port), upstreamUrl.hostname);
    sockets.add(upstream);
    upstream.on('error', () => plain.destroy()).on('close', () => plain.destroy());
    client.on('close', () => upstream.destroy());
    upstream.write(startup);
    client.pipe(upstream).pipe(client);
  }

  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    serve(socket).catch(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  function cut() {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  }
  return {
    url: (user: string, database: string) => `postgres://${user}@${host}:${portOf(server)}/${database}`,
    /** The accepted tokens, in order. */
    tokens,
    cut,
    move: (to: string) => (upstreamUrl = new URL(to)),
    /** Sets its clock some seconds ahead. */
    setClockAhead: (seconds: number) => (clockAheadSeconds = seconds),
    async stop() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

const portOf = (server: ReturnType<typeof createServer>) => (server.address() as AddressInfo).port;

/** `AuthenticationCleartextPassword` (PostgreSQL, "Message Formats"). */
const askForPassword = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);

/** The error of RDS for an invalid token. */
function refusalOf(user: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C28000\0MPAM authentication failed for user "${user}"\0\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** Reads a number of bytes from a stream; rejects if it ends before. */
async function take(stream: Readable, count: number): Promise<Buffer> {
  for (;;) {
    const bytes: unknown = stream.read(count);
    if (bytes instanceof Buffer) return bytes;
    if (stream.readableEnded || stream.destroyed) throw new Error('The connection ended.');
    await Promise.race([once(stream, 'readable'), once(stream, 'close')]);
  }
}
