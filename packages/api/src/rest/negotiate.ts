import { AppError } from '@portfolio/core/errors';
import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

/**
 * Returns the offered media type that a request prefers (RFC 9110, 12.5.1), or the first one without a preference.
 * Throws `not_acceptable` where no offer is acceptable. Answers that depend on it need `Vary: Accept`.
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
  throw new AppError('not_acceptable', `Not acceptable. Available media types: ${offers.join(', ')}.`);
}
