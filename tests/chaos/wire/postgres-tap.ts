import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import { type Request, createRules } from './rules.ts';

/** Bytes of the length that each message begins with, after its type. */
const lengthBytes = 4;

/** Cuts a stream into the protocol's messages; a client's first one has no type byte. */
function createFrames(startsWithoutType: boolean) {
  let rest: Buffer = Buffer.alloc(0);
  let typeBytes = startsWithoutType ? 0 : 1;
  return (chunk: Buffer): Buffer[] => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Buffer[] = [];
    while (rest.length >= typeBytes + lengthBytes) {
      const end = typeBytes + rest.readInt32BE(typeBytes);
      if (rest.length < end) break;
      frames.push(rest.subarray(0, end));
      rest = rest.subarray(end);
      typeBytes = 1;
    }
    return frames;
  };
}

/** The nul-ended texts that the body of a message begins with. */
function texts(frame: Buffer, count: number): string[] {
  return frame.toString('utf8', 1 + lengthBytes).split('\0', count);
}

const typeOf = (frame: Buffer) => String.fromCharCode(frame[0]!);
const oneLine = (statement: string) => statement.replaceAll(/\s+/g, ' ').trim().slice(0, 80);

/** Reads the statement that a client runs: `Bind` of a statement that was parsed before, or a simple `Query`. */
function createReader() {
  const statements = new Map<string, string>();
  return (frame: Buffer): { statement: string; parameters: Buffer } | undefined => {
    const type = typeOf(frame);
    if (type === 'P') {
      const [name = '', statement = ''] = texts(frame, 2);
      statements.set(name, statement);
    }
    if (type === 'Q') return { statement: texts(frame, 1)[0]!, parameters: Buffer.alloc(0) };
    if (type !== 'B') return undefined;
    const [, name = ''] = texts(frame, 2);
    return { statement: statements.get(name) ?? '', parameters: frame };
  };
}

const describe = ({ statement, parameters }: { statement: string; parameters: Buffer }): Request => ({
  to: 'postgres',
  name: oneLine(statement),
  text: `${statement}\n${parameters.toString('latin1')}`,
});

/**
 * A proxy in front of Postgres that reads the protocol (PostgreSQL, "Frontend/Backend Protocol") and applies rules to each
 * statement: before the server gets it, or after it was carried out and before the client gets the result.
 */
export async function tapPostgres(target: string) {
  const { hostname, port } = new URL(target);
  const rules = createRules();
  const connections = new Map<Socket, { listens: boolean; end: () => void }>();
  let isDown = false;

  const server = createServer((client) => {
    if (isDown) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    const connection = { listens: false, end };
    const unanswered: Request[][] = [[]];
    let sent: Request[] = [];
    const readRequest = createReader();

    function end() {
      connections.delete(client);
      client.destroy();
      upstream.destroy();
    }
    connections.set(client, connection);
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end).setNoDelay();

    async function ask(frame: Buffer) {
      const asked = readRequest(frame);
      if (asked && /^\s*listen\b/i.test(asked.statement)) connection.listens = true;
      if (asked && rules.any()) {
        const request = describe(asked);
        sent.push(request);
        await apply(await rules.decide('before', request), end);
      }
      if ('SQ'.includes(typeOf(frame))) {
        unanswered.push(sent);
        sent = [];
      }
      upstream.write(frame);
    }

    async function answer(frame: Buffer) {
      // ReadyForQuery: everything up to the Sync is done and, outside of a transaction, committed.
      const done = typeOf(frame) === 'Z' ? (unanswered.shift() ?? []) : [];
      if (rules.any()) for (const request of done) await apply(await rules.decide('after', request), end);
      client.write(frame);
    }

    pump(client, createFrames(true), ask, end);
    pump(upstream, createFrames(false), answer, end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cut = (which: (connection: { listens: boolean }) => boolean = () => true) => {
    for (const connection of connections.values()) if (which(connection)) connection.end();
  };
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    ...rules,
    /** Closes all connections. */
    cut,
    /** Closes the connections that LISTEN. */
    cutListeners: () => cut(({ listens }) => listens),
    /** Closes all connections, and refuses new ones until `up`. */
    down() {
      isDown = true;
      cut();
    },
    up: () => void (isDown = false),
    async stop() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

export type PostgresTap = Awaited<ReturnType<typeof tapPostgres>>;

/** Processes frames one after the other, so that a delayed frame delays those after it. */
function pump(
  from: Socket,
  frames: (chunk: Buffer) => Buffer[],
  take: (frame: Buffer) => Promise<void>,
  end: () => void,
) {
  void (async () => {
    for await (const chunk of from) for (const frame of frames(chunk as Buffer)) await take(frame);
  })().catch(end);
}

async function apply(outcome: unknown, end: () => void): Promise<void> {
  if (outcome === 'pass') return;
  if (outcome === 'hang') return new Promise(() => {});
  end();
  throw new Error('The connection was cut.');
}
