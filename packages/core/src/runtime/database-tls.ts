import { once } from 'node:events';
import { type Socket, isIP } from 'node:net';
import { type SecureContext, type TLSSocket, connect } from 'node:tls';

/** The message `SSLRequest`, and how a server answers that goes on with TLS (PostgreSQL, "Message Formats"). */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const goesOn = 'S';

/**
 * Goes on with TLS on a connection to a Postgres server. Rejects unless the server has a certificate for `host` that the
 * context believes, or where it ends the connection. Postgres.js could do so too, but hears of no end meanwhile.
 */
export async function encrypt(
  socket: Socket,
  host: string,
  secureContext: SecureContext,
): Promise<TLSSocket> {
  socket.write(sslRequest);
  const [answer] = (await orEnd(socket, once(socket, 'data'))) as [Buffer];
  // More than that would be from somebody in between, to be taken for the server's.
  if (answer.toString() !== goesOn) throw new Error('The server does not go on with TLS.');
  const secure = connect({ socket, secureContext, ...(isIP(host) ? { host } : { host, servername: host }) });
  await orEnd(secure, once(secure, 'secureConnect'));
  return secure;
}

/** What an event brings, or a rejection where the connection ends before it. */
async function orEnd<T>(socket: Socket, event: Promise<T>): Promise<T> {
  const ended = once(socket, 'close').then(() => {
    throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  });
  return Promise.race([event, ended]);
}
