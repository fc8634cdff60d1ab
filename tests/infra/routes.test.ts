import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { Agent } from 'node:https';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { pods } from '../../stacks/k8s/flows.ts';
import { publicPathsFor } from '../../stacks/k8s/public-paths.ts';
import { type ApiRoute, routesOfApi } from './support/api-routes.ts';
import { send } from './support/https.ts';
import { allows } from './support/network-policy-evaluator.ts';
import { createCertificates, hasNginx, startNginx } from './support/nginx.ts';
import { startUpstream } from './support/upstream.ts';
import { objectOf, ofKind } from './support/workloads.ts';
import type { App } from './synth/app.ts';
import type { Inputs } from './synth/resource.ts';
import { synthesized } from './synth/synthesized.ts';

/** The routes for the cluster only. All others have to be reachable from outside: a new one that is not for clients is added here. */
const internalPaths = ['/healthz', '/readyz'];
/** What is served beside the API, or nowhere, and not passed to it. */
const foreignPaths = ['/', '/index.html', '/jobs/job_1', '/backlog', '/.well-known/x', '/api', '/auth'];
/** Sets cookies for the domain of the page, so that consumers, who have another domain, have no use for it. */
const isForBrowsersOnly = ({ path }: ApiRoute) => path.startsWith('/auth/');

const clients = ['consumers', 'browsers'] as const;
type Client = (typeof clients)[number];

let production: App;
let publicRoutes: ApiRoute[];
beforeAll(async () => {
  production = await synthesized('production');
  const routes = await routesOfApi();
  publicRoutes = routes.filter(({ path }) => !internalPaths.includes(path));
});

const routesFor = (client: Client) =>
  publicRoutes.filter((route) => client === 'browsers' || !isForBrowsersOnly(route));

test('the API has routes of every kind, and those for the cluster', async () => {
  const paths = (await routesOfApi()).map(({ method, path }) => `${method} ${path}`);
  expect(paths.length).toBeGreaterThan(100);
  expect(paths).toEqual(
    expect.arrayContaining([
      'GET /api/v1/portfolios',
      'POST /api/v1/jobs/x/cancel',
      'POST /trpc/x',
      'GET /.well-known/security.txt',
      'GET /auth/sign-in',
      'GET /auth/callback',
      'GET /auth/callback/x',
      'POST /auth/sign-out',
      ...internalPaths.map((path) => `GET ${path}`),
    ]),
  );
});

test('every public path leads to a route of the API', () => {
  for (const { path, matches } of clients.flatMap(publicPathsFor)) {
    const leads = publicRoutes.some(
      (route) => (matches !== 'exact' && route.path.startsWith(`${path}/`)) || route.path === path,
    );
    expect(leads, path).toBe(true);
  }
});

/** The cache behavior for a path: the first whose pattern matches, otherwise the default one. */
function behaviorAt(path: string): Inputs {
  const distribution = production.one('cloudfront/distribution:Distribution').inputs;
  const found = (distribution.orderedCacheBehaviors as Inputs[]).find(({ pathPattern }) => {
    const pattern = (pathPattern as string).replaceAll('.', String.raw`\.`).replaceAll('*', '.*');
    return new RegExp(`^${pattern}$`).test(path);
  });
  return found ?? distribution.defaultCacheBehavior;
}

describe('CloudFront', () => {
  test('passes every public route to the API with its method, and caches none', () => {
    for (const { method, path } of publicRoutes) {
      const behavior = behaviorAt(path);
      expect(behavior.targetOriginId, path).toBe('api');
      expect(behavior.allowedMethods, path).toContain(method);
      // The managed policies CachingDisabled, and AllViewer, which forwards cookies, headers and the query.
      expect(behavior.cachePolicyId, path).toBe('4135ea2d-6df8-44a3-9df3-4b5a84be39ad');
      expect(behavior.originRequestPolicyId, path).toBe('216adef6-5c7f-47e4-b989-5492eafa07d3');
    }
  });

  test('passes nothing else to the API', () => {
    for (const path of [...internalPaths, ...foreignPaths, '/metrics'])
      expect(behaviorAt(path).targetOriginId, path).toBe('page');
  });
});

/** The rules of a load balancer, as its controller derives them from Ingresses. */
const rulesOf = (client: Client) =>
  ofKind(production, 'Ingress')
    .filter(({ metadata }) => metadata.name === `portfolio-${client}`)
    .flatMap(({ spec }) => spec.rules[0].http.paths as Inputs[]);

const ruleAt = (client: Client, path: string) =>
  rulesOf(client).find(
    (rule) => rule.path === path || (rule.pathType === 'Prefix' && path.startsWith(`${rule.path}/`)),
  );

describe.each(clients)('the load balancer for %s', (client) => {
  test('passes every public route to the port of NGINX for them', () => {
    for (const { path } of routesFor(client))
      expect(ruleAt(client, path)?.backend.service, path).toEqual({
        name: 'portfolio-nginx',
        port: { name: client },
      });
  });

  test('passes nothing internal', () => {
    for (const path of [...internalPaths, '/', '/backlog'])
      expect(ruleAt(client, path), path).toBeUndefined();
    expect(ruleAt('browsers', '/metrics')).toBeUndefined();
    expect(ruleAt('consumers', '/auth/sign-in')).toBeUndefined();
  });
});

test('firewalls apply the same rules to every path, and block no method', () => {
  const acls = production.all('wafv2/webAcl:WebAcl');
  expect(acls.map(({ name }) => name).toSorted()).toEqual(['ConsumersFirewall', 'WebFirewall']);
  for (const { inputs } of acls) {
    expect(inputs.defaultAction).toEqual({ allow: {} });
    for (const { name, statement } of inputs.rules as Inputs[]) {
      expect(Object.keys(statement), name).toHaveLength(1);
      const [of] = Object.values(statement as Inputs);
      expect(Object.keys(statement)[0], name).toMatch(/^(rateBased|managedRuleGroup)Statement$/);
      expect(of.scopeDownStatement, name).toBeUndefined();
    }
  }
});

const policies = () => ofKind(production, 'NetworkPolicy') as unknown as INetworkPolicy[];
const portOfApi = () => Number(objectOf(production, 'ConfigMap', 'portfolio-api').data.PORT);

describe('network policies', () => {
  const addressOf = { consumers: '10.0.8.9', browsers: '10.0.24.70' };
  const nginxPod = { ...pods.nginx, address: '10.0.4.10' };
  const apiPod = { ...pods.api, address: '10.0.4.11' };

  test.each(clients)('allow the way from the load balancer for %s over NGINX to the API', (client) => {
    const { spec } = objectOf(production, 'Service', 'portfolio-nginx');
    const { port } = spec.ports.find(({ name }: { name: string }) => name === client);
    const loadBalancer = { address: addressOf[client] };
    expect(allows(policies(), { from: loadBalancer, to: nginxPod, port })).toBe(true);
    const conf = objectOf(production, 'ConfigMap', 'portfolio-nginx').data['nginx.conf'] as string;
    expect(conf).toContain(`server portfolio-api.portfolio.svc.cluster.local:${portOfApi()};`);
    expect(allows(policies(), { from: nginxPod, to: apiPod, port: portOfApi() })).toBe(true);
  });

  test('allow no way to the API beside NGINX, and none to its internal port', () => {
    const { INTERNAL_PORT } = objectOf(production, 'ConfigMap', 'portfolio-api').data;
    expect(Number(INTERNAL_PORT)).not.toBe(portOfApi());
    for (const port of [portOfApi(), Number(INTERNAL_PORT)])
      for (const address of Object.values(addressOf))
        expect(allows(policies(), { from: { address }, to: apiPod, port })).toBe(false);
    expect(allows(policies(), { from: nginxPod, to: apiPod, port: Number(INTERNAL_PORT) })).toBe(false);
  });
});

/** Runs NGINX in front of an API that only notes what reaches it. */
async function start() {
  const certificates = createCertificates();
  const passed: string[] = [];
  const upstream = await startUpstream(({ method, url }, response) => {
    passed.push(`${method} ${url}`);
    response.end();
  });
  const nginx = await startNginx(certificates, { api: upstream.address, metrics: upstream.address });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(async () => {
    agent.destroy();
    await nginx.stop('SIGTERM');
    await upstream.stop();
  });
  const call = (client: Client, { method, path }: ApiRoute) =>
    send(nginx.ports[client], certificates.authority.cert, { method, path, agent });
  return { passed, call };
}

describe.skipIf(!hasNginx)('NGINX (needs the Debian package nginx)', () => {
  test.each(clients)('passes every public route to the API for %s, with its method', async (client) => {
    const { passed, call } = await start();
    const routes = routesFor(client);
    for (const route of routes) await call(client, route);
    expect(passed).toEqual(routes.map(({ method, path }) => `${method} ${path}`));
  });

  test.each(clients)('passes nothing else for %s', async (client) => {
    const { passed, call } = await start();
    const paths = [...internalPaths, ...foreignPaths, '/metrics'];
    const foreign = client === 'consumers' ? [...paths, '/auth/sign-in'] : paths;
    for (const path of foreign) await call(client, { method: 'GET', path });
    expect(passed).toEqual([]);
  });
});
