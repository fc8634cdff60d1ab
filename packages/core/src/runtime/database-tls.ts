import { once } from 'node:events';
import { type Socket, isIP } from 'node:net';
import { type SecureContext, type TLSSocket, connect } from 'node:tls';

/** The message `SSLRequest`, and the answer of a server that accepts TLS (PostgreSQL, "Message Formats"). */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const accepted = 'S';

/**
 * Starts TLS on a connection to a Postgres server. Rejects unless the server has a certificate for `host` that the context
 * trusts, or if it ends the connection. Postgres.js has this, too, but does not notice when the connection ends meanwhile.
 */
export async function encrypt(
  socket: Socket,
  host: string,
  secureContext: SecureContext,
): Promise<TLSSocket> {
  socket.write(sslRequest);
  const [answer] = (await orEnd(socket, once(socket, 'data'))) as [Buffer];
  // More bytes would come from an attacker in between who wants them to be taken for the server's.
  if (answer.toString() !== accepted) throw new Error('The server does not support TLS.');
  const secure = connect({ socket, secureContext, ...(isIP(host) ? { host } : { host, servername: host }) });
  await orEnd(secure, once(secure, 'secureConnect'));
  return secure;
}

/** Resolves to the result of an event; rejects if the connection ends before it. */
async function orEnd<T>(socket: Socket, event: Promise<T>): Promise<T> {
  const ended = once(socket, 'close').then(() => {
    throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  });
  return Promise.race([event, ended]);
}
