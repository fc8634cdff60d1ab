import { AppError } from '@portfolio/core/errors';
import { largestInputBytes } from '@portfolio/core/operation';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { requireBoundedJson } from '../bounded-json.ts';

/**
 * Accepts two kinds of bodies: JSON in UTF-8, which may be empty, and the bytes of images. Merge patches (RFC 7396) are
 * not accepted, since an update replaces each given field as a whole.
 */
export function acceptBodies(app: FastifyInstance) {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.method === 'GET' || request.method === 'HEAD') closeUnread(request, reply);
    const coding = request.headers['content-encoding'] ?? 'identity';
    if (coding.toLowerCase() === 'identity') return done();
    done(
      unsupported(`The content coding "${coding}" is not supported. Send the body without Content-Encoding.`),
    );
  });
  app.removeContentTypeParser('text/plain');
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    if (bytes.length === 0) return done(null, undefined);
    let text: string;
    try {
      text = readJsonText(request, bytes);
    } catch (error) {
      return done(error as Error);
    }
    void parseJson(request, text, done);
  });
  app.addContentTypeParser(['image/png', 'image/jpeg'], { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

/** The text of a JSON body that costs little to parse. Throws for other charsets, and JSON beyond the bounds. */
export function readJsonText(request: FastifyRequest, bytes: Buffer): string {
  if (!isInUtf8(request)) throw unsupported('JSON must be encoded in UTF-8 (RFC 8259).');
  if (!isUtf8(bytes)) throw new AppError('malformed_request', 'The body is not valid UTF-8.');
  requireBoundedJson(bytes);
  return bytes.toString();
}

export const payloadTooLarge = (maxBytes: number) =>
  new AppError('payload_too_large', `The body is too large: expected at most ${maxBytes} bytes.`);

const unsupported = (detail: string) => new AppError('unsupported_media_type', detail);

function isInUtf8({ headers }: FastifyRequest): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

export function hasBody({
  'content-length': length,
  'transfer-encoding': encoding,
}: IncomingHttpHeaders): boolean {
  return encoding !== undefined || Number(length ?? 0) > 0;
}

/**
 * Closes the connection after the answer to a request whose body is not read, where that is larger than any input, or of
 * unknown length. Node reads and discards others, which costs little: a client that still sends would miss the answer.
 */
export function closeUnread({ headers, raw }: FastifyRequest, reply: FastifyReply) {
  if (raw.readableEnded || !hasBody(headers)) return;
  const isSmall =
    headers['transfer-encoding'] === undefined && Number(headers['content-length']) <= largestInputBytes;
  if (!isSmall) void reply.header('connection', 'close');
}
