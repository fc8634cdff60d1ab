import { AppError } from '@portfolio/core/errors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';

/** A study of two million characters fits, in any script. */
export const bodyLimitBytes = 8 * 1024 * 1024;

/**
 * Accepts two kinds of bodies: JSON in UTF-8, which may be empty, and the bytes of images. Merge patches (RFC 7396) are
 * not accepted, since an update replaces each given field as a whole.
 */
export function acceptBodies(app: FastifyInstance) {
  app.addHook('onRequest', (request, _reply, done) => {
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
    if (!isInUtf8(request)) return done(unsupported('JSON must be encoded in UTF-8 (RFC 8259).'));
    if (!isUtf8(bytes)) return done(new AppError('malformed_request', 'The body is not valid UTF-8.'));
    void parseJson(request, bytes.toString(), done);
  });
  app.addContentTypeParser(['image/png', 'image/jpeg'], { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });
}

const unsupported = (detail: string) => new AppError('unsupported_media_type', detail);

function isInUtf8({ headers }: FastifyRequest): boolean {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(headers['content-type'] ?? '')?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}
