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
      tokenIssuer: stage.tokenIssuer,
      jwksUrl: new URL('.well-known/jwks.json', stage.tokenIssuer).href,
    }),
  );
  const [, others] = (['withToken', 'others'] as const).map(
    (of) =>
      new kubernetes.networking.v1.Ingress(
        `${own.name}-${of}`,
        { metadata: manifests[of].metadata, spec: manifests[of].spec },
        { provider: cluster.provider, dependsOn },
      ),
  );
  const tags = $resolve({ cluster: cluster.cluster.name, status: others.status }).apply((made) => ({
    'elbv2.k8s.aws/cluster': made.cluster,
    'ingress.k8s.aws/stack': `portfolio-${own.name}`,
  }));
  return aws.lb.getLoadBalancerOutput({ tags });
}
