import { AppError } from '@portfolio/core/errors';
import type { FastifyInstance } from 'fastify';

/** Where flaws are reported, an https: or a mailto: address, and the page that says how reports are dealt with. */
export type SecurityContact = { contact: string; policy?: string | undefined };

const address = '/.well-known/security.txt';
/** RFC 9116 advises less than a year. */
const lifetimeDays = 180;

/** Serves `security.txt` (RFC 9116), which says where flaws are reported; without a contact, there is none. */
export function registerSecurityTxt(
  app: FastifyInstance,
  { security, publicOrigin }: { security?: SecurityContact | undefined; publicOrigin?: string | undefined },
) {
  app.get(address, (_request, reply) => {
    if (!security)
      throw new AppError('not_found', 'This installation names no contact for security matters.');
    const expires = new Date(Date.now() + lifetimeDays * 24 * 3_600_000);
    const fields = {
      Contact: security.contact,
      Expires: expires.toISOString(),
      'Preferred-Languages': 'en',
      ...(publicOrigin !== undefined && { Canonical: new URL(address, publicOrigin).href }),
      ...(security.policy !== undefined && { Policy: security.policy }),
    };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
    return reply
      .type('text/plain; charset=utf-8')
      .header('cache-control', 'max-age=86400')
      .send(lines.join(''));
  });
}
