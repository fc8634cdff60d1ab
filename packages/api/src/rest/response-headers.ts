import type { FastifyRequest } from 'fastify';
import type { PublishedHit } from '../published-cache.ts';
import { json, type Binding } from './binding.ts';
import { etagOf } from './conditions.ts';

/** Caches on the way may store an answer, but must revalidate it each time (`no-cache`, RFC 9111). */
export const cacheHeaders = (scope: 'public' | 'private') => ({
  vary: 'accept, authorization, cookie',
  'cache-control': `${scope}, no-cache`,
});

/** The headers of a route's answers that follow from its binding and from the output. */
export function createHeadersOf<Output>(binding: Binding<Output>) {
  const deprecation = binding.deprecated && deprecationHeaders(binding.deprecated);
  return (request: FastifyRequest, type: string, output: Output): Record<string, string> => ({
    ...outputHeaders(request, type, output),
    ...deprecation,
    ...binding.headers?.(output),
  });
}

/** The ETag of a versioned resource, and the links of a page (RFC 8288). */
function outputHeaders(request: FastifyRequest, type: string, output: unknown): Record<string, string> {
  if (typeof output !== 'object' || output === null) return {};
  const headers: Record<string, string> = {};
  if ('version' in output && typeof output.version === 'number') {
    headers.etag = etagOf(output.version, type === json ? undefined : type.split('/')[1]);
  }
  if ('nextCursor' in output) headers.link = pageLinks(request, output.nextCursor);
  return headers;
}

function pageLinks({ url }: FastifyRequest, nextCursor: unknown): string {
  const [path, query] = url.split('?');
  const link = (rel: string, cursor?: unknown) => {
    const parameters = new URLSearchParams(query);
    parameters.delete('cursor');
    if (typeof cursor === 'string') parameters.set('cursor', cursor);
    return `<${[path, parameters.toString()].filter(Boolean).join('?')}>; rel="${rel}"`;
  };
  return [link('first'), ...(nextCursor === null ? [] : [link('next', nextCursor)])].join(', ');
}

function deprecationHeaders({ since, sunset, successor }: NonNullable<Binding<never>['deprecated']>) {
  return {
    deprecation: `@${Math.floor(since.getTime() / 1000)}`,
    sunset: sunset.toUTCString(),
    link: `<${successor}>; rel="successor-version"`,
  };
}

/** The source of a published answer (RFC 9211). */
export function cacheStatus({ source, ageSeconds }: PublishedHit): string {
  if (source === 'database') return 'portfolio-api; fwd=miss';
  return ageSeconds === undefined
    ? 'portfolio-api; hit'
    : `portfolio-api; hit; ttl=-${ageSeconds}; detail=database-unavailable`;
}
