/** The clients for which there is a load balancer: programs with a client certificate, and browsers behind CloudFront. */
type Client = 'consumers' | 'browsers';

type PublicPath = {
  path: string;
  /** The path itself, everything below it, or both. */
  matches: 'exact' | 'below' | 'both';
  clients: readonly Client[];
};

const everybody = ['consumers', 'browsers'] as const;

/**
 * What clients reach of the API: CloudFront, load balancers and NGINX pass this and nothing else. A test compares it with
 * the routes of the API (tests/infra/routes.test.ts). `/auth` sets cookies for the domain of the page, so it is only there.
 */
const publicPaths: readonly PublicPath[] = [
  { path: '/api', matches: 'below', clients: everybody },
  { path: '/trpc', matches: 'both', clients: everybody },
  { path: '/auth', matches: 'below', clients: ['browsers'] },
  { path: '/.well-known/security.txt', matches: 'exact', clients: everybody },
];

/** The public paths for a kind of client. */
export const publicPathsFor = (client: Client) =>
  publicPaths.filter(({ clients }) => clients.includes(client));
