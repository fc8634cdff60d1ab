import type { AccessLogs } from './access-logs.ts';
import type { ClientCertificates } from './client-certificates.ts';
import type { Cluster } from '../cluster/index.ts';
import { createFirewall } from './firewall.ts';
import { type LoadBalancer, ingresses } from '../k8s/ingress.ts';
import { publicPathsFor } from '../k8s/public-paths.ts';
import type { Domains } from './domains.ts';
import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';

export type LoadBalancers = ReturnType<typeof createLoadBalancers>;

type Parts = {
  cluster: Cluster;
  network: Network;
  clients: ClientCertificates;
  logs: AccessLogs;
  domains: Domains;
};

/**
 * Two load balancers in front of NGINX: a public one, which requires client certificates, for API consumers, and an
 * internal one for browsers, which have no certificates. Only CloudFront can reach the internal one.
 */
export function createLoadBalancers(
  stage: Stage,
  { cluster, network, clients, logs, domains }: Parts,
  dependsOn: $util.Resource[],
) {
  const certificateArn = domains.regionalCertificate;
  const firewall = createFirewall(stage, 'Consumers', 'REGIONAL');
  const prefixes = aws.ec2.getManagedPrefixListOutput({
    name: 'com.amazonaws.global.cloudfront.origin-facing',
  });
  const make = (
    name: LoadBalancer['name'],
    own: Pick<LoadBalancer, 'host' | 'paths'>,
    annotations: Record<string, $util.Input<string>>,
  ) => createLoadBalancer(stage, { cluster, logs, certificateArn }, { name, ...own }, annotations, dependsOn);
  const consumers = make(
    'consumers',
    { host: domains.api, paths: [...callsOf('consumers'), { path: '/metrics', pathType: 'Exact' }] },
    {
      scheme: 'internet-facing',
      subnets: joined($resolve(network.vpc.publicSubnets)),
      'mutual-authentication': $jsonStringify([
        { port: 443, mode: 'verify', trustStore: clients.store.arn, ignoreClientCertificateExpiry: false },
      ]),
      'wafv2-acl-arn': firewall.arn,
    },
  );
  new aws.route53.Record('ConsumersRecord', {
    zoneId: domains.zoneId,
    type: 'A',
    name: domains.api,
    aliases: [{ name: consumers.dnsName, zoneId: consumers.zoneId, evaluateTargetHealth: true }],
  });
  const browsers = make(
    'browsers',
    { host: domains.page, paths: callsOf('browsers') },
    {
      scheme: 'internal',
      subnets: joined($resolve(network.originSubnets.map(({ id }) => id))),
      'security-group-prefix-lists': prefixes.id,
    },
  );
  return { consumers, browsers };
}

/** A prefix also matches the path itself; NGINX refuses that where it is not public. */
const callsOf = (client: LoadBalancer['name']): LoadBalancer['paths'] =>
  publicPathsFor(client).map(({ path, matches }) => ({
    path,
    pathType: matches === 'exact' ? 'Exact' : 'Prefix',
  }));

const joined = (ids: $util.Output<string[]>) => ids.apply((all) => all.join(','));

type Shared = { cluster: Cluster; logs: AccessLogs; certificateArn: $util.Output<string> };

/**
 * Whose tokens load balancers verify. They cannot tell tokens of several issuers apart: a rule sees the text of a header,
 * and not the claims in it (ADR 22).
 */
function verifiedTokens({ tokenIssuer: issuer, otherIssuers }: Stage): LoadBalancer['tokens'] {
  if (otherIssuers.length > 0) return null;
  return { issuer, jwksEndpoint: new URL('.well-known/jwks.json', issuer).href };
}

/** Creates the Ingresses, from which the controller creates the load balancer, and looks it up. */
function createLoadBalancer(
  stage: Stage,
  { cluster, logs, certificateArn }: Shared,
  own: Pick<LoadBalancer, 'name' | 'host' | 'paths'>,
  annotations: Record<string, $util.Input<string>>,
  dependsOn: $util.Resource[],
) {
  const given = $resolve({ certificateArn, logsBucket: logs.bucket.name, annotations });
  const manifests = given.apply((values) =>
    ingresses({
      ...own,
      ...values,
      tags: { 'sst:app': $app.name, 'sst:stage': stage.name },
      isProtected: stage.isProtected,
      tokens: verifiedTokens(stage),
    }),
  );
  const create = (of: 'withToken' | 'others') =>
    new kubernetes.networking.v1.Ingress(
      `${own.name}-${of}`,
      {
        metadata: manifests.apply((all) => all[of]!.metadata),
        spec: manifests.apply((all) => all[of]!.spec),
      },
      { provider: cluster.provider, dependsOn },
    );
  if (verifiedTokens(stage)) create('withToken');
  const others = create('others');
  const tags = $resolve({ cluster: cluster.cluster.name, status: others.status }).apply((made) => ({
    'elbv2.k8s.aws/cluster': made.cluster,
    'ingress.k8s.aws/stack': `portfolio-${own.name}`,
  }));
  return aws.lb.getLoadBalancerOutput({ tags });
}
