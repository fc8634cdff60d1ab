import { AppError } from '@portfolio/core/errors';
import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

/**
 * The media type, of those that are offered, that suits a request best (RFC 9110, 12.5.1): the first one where it
 * has no preference. Throws `not_acceptable` where none does. What differs by it is to say `Vary: Accept`.
 */
export function accepted<Offer extends string>(
  request: Pick<FastifyRequest, 'headers'>,
  offers: readonly [Offer, ...Offer[]],
): Offer {
  const { accept } = request.headers;
  if (accept === undefined || accept === '*/*') return offers[0];
  const [best] = new Negotiator(request).mediaTypes([...offers]);
  const found = offers.find((offer) => offer === best);
  if (found) return found;
  throw new AppError('not_acceptable', `Here is ${offers.join(' or ')}; "Accept" asks for nothing of that.`);
}
