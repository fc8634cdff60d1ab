import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { beforeAll, describe, expect, test } from 'vitest';
import { addresses } from '../../stacks/k8s/addresses.ts';
import { type Pods, flows, pods as declared } from '../../stacks/k8s/flows.ts';
import { networkPolicies } from '../../stacks/k8s/network-policy.ts';
import { stageOf } from '../../stacks/stage.ts';
import { type Connection, type End, allows } from './support/network-policy-evaluator.ts';
import type { App } from './synth/app.ts';
import { synthesized } from './synth/synthesized.ts';

let production: App;
let staging: App;
beforeAll(async () => {
  production = await synthesized('production');
  staging = await synthesized('staging');
});

const policiesOf = (app: App) =>
  app.manifests.filter(({ kind }) => kind === 'NetworkPolicy') as unknown as INetworkPolicy[];

/** All declared pods, each with an address in a subnet of nodes. */
const pods = Object.fromEntries(
  Object.entries(declared as Record<string, Pods>).map(([name, pod], index): [string, End] => [
    name,
    { ...pod, address: `10.0.4.${index + 10}` },
  ]),
) as Record<keyof typeof declared, End>;

/** Peers that are not pods. */
const others = {
  website: { address: '93.184.215.14' },
  loadBalancer: { address: '10.0.8.9' },
  originLoadBalancer: { address: '10.0.24.70' },
  database: { address: '10.0.12.7' },
  cache: { address: '10.0.12.8' },
  neighbourInVpc: { address: '10.0.12.9' },
  endpointOfAws: { address: '10.0.20.8' },
  nodeOfControlPlane: { address: '10.0.4.250' },
  kubernetesApi: { address: '172.20.0.1' },
  metadata: { address: '169.254.169.254' },
  podIdentityAgent: { address: '169.254.170.23' },
  neighbour: { address: '192.168.1.1' },
  sharedSpace: { address: '100.64.0.1' },
  loopback: { address: '127.0.0.1' },
} satisfies Record<string, End>;

const ends: Record<string, End> = { ...pods, ...others };

const connection = (from: string, to: string, port: number, protocol: 'TCP' | 'UDP' = 'TCP'): Connection => ({
  from: ends[from]!,
  to: ends[to]!,
  port,
  protocol,
});

test.each([
  ['loadBalancer', 'nginx', 8443],
  ['originLoadBalancer', 'nginx', 8444],
  ['nginx', 'api', 3000],
  ['nginx', 'api', 9464],
  ['api', 'database', 5432],
  ['worker', 'database', 5432],
  ['migration', 'database', 5432],
  ['api', 'cache', 6379],
  ['api', 'website', 443],
  ['worker', 'website', 443],
  ['worker', 'website', 8443],
  ['api', 'endpointOfAws', 443],
  ['worker', 'endpointOfAws', 443],
  ['api', 'podIdentityAgent', 80],
  ['worker', 'traceCollector', 4317],
  ['prometheus', 'api', 9464],
  ['prometheus', 'worker', 9464],
  ['prometheus', 'nginx', 9443],
  ['prometheus', 'nodeOfControlPlane', 10_250],
  ['keda', 'prometheus', 9090],
  ['keda', 'api', 3001],
  ['keda', 'kubernetesApi', 443],
  ['nodeOfControlPlane', 'gatekeeper', 8443],
  ['nodeOfControlPlane', 'kedaMetrics', 6443],
  ['nodeOfControlPlane', 'metricsServer', 10_251],
  ['alertmanager', 'website', 443],
])('%s reaches %s on %i', (from, to, port) => {
  expect(allows(policiesOf(production), connection(from, to, port))).toBe(true);
});

test.each(['TCP', 'UDP'] as const)(
  'every pod resolves names by %s, and only with the DNS of the cluster',
  (protocol) => {
    for (const name of Object.keys(pods)) {
      expect(allows(policiesOf(production), connection(name, 'dns', 53, protocol)), name).toBe(true);
      expect(allows(policiesOf(production), connection(name, 'website', 53, protocol)), name).toBe(false);
    }
  },
);

test.each([
  // Bypasses NGINX, which identifies clients.
  ['loadBalancer', 'api', 3000],
  ['loadBalancer', 'nginx', 8444],
  ['originLoadBalancer', 'nginx', 8443],
  ['loadBalancer', 'nginx', 9443],
  ['worker', 'api', 3000],
  ['prometheus', 'api', 3000],
  ['website', 'api', 3000],
  // The backlog of jobs is for the autoscaler only.
  ['nginx', 'api', 3001],
  ['worker', 'api', 3001],
  ['prometheus', 'api', 3001],
  ['kedaMetrics', 'api', 3001],
  ['loadBalancer', 'api', 3001],
  ['website', 'api', 3001],
  ['keda', 'api', 3000],
  // It needs nothing of AWS.
  ['keda', 'website', 443],
  ['keda', 'podIdentityAgent', 80],
  // NGINX trusts headers of the load balancers on these ports, so no other client may connect.
  ['api', 'nginx', 8443],
  ['worker', 'nginx', 8443],
  ['grafana', 'nginx', 8443],
  ['website', 'nginx', 8443],
  ['nginx', 'database', 5432],
  ['worker', 'cache', 6379],
  ['nginx', 'website', 443],
  ['nginx', 'worker', 9464],
  ['nginx', 'podIdentityAgent', 80],
  // An attacker in a worker pod cannot reach internal services.
  ['worker', 'website', 25],
  ['worker', 'website', 80],
  ['worker', 'grafana', 3000],
  ['worker', 'prometheus', 9090],
  ['worker', 'kubernetesApi', 443],
  ['worker', 'neighbour', 443],
  ['worker', 'sharedSpace', 443],
  ['worker', 'loopback', 443],
  ['worker', 'endpointOfAws', 8443],
  ['migration', 'website', 5432],
  ['api', 'kubernetesApi', 443],
  ['api', 'worker', 8080],
  ['grafana', 'database', 5432],
  ['prometheus', 'database', 5432],
])('%s does not reach %s on %i', (from, to, port) => {
  expect(allows(policiesOf(production), connection(from, to, port))).toBe(false);
});

test('no pod reaches the instance metadata of its node', () => {
  for (const name of Object.keys(pods))
    for (const port of [80, 443])
      expect(allows(policiesOf(production), connection(name, 'metadata', port)), name).toBe(false);
});

test('a stage without VPC endpoints does not allow their addresses', () => {
  expect(allows(policiesOf(staging), connection('worker', 'endpointOfAws', 443))).toBe(false);
  expect(allows(policiesOf(staging), connection('worker', 'website', 443))).toBe(true);
});

test('API and workers reach a scanner of files on its port, in stages that have one', () => {
  const stage = stageOf('production');
  const scanned = networkPolicies({ ...stage, scanner: { host: 'clamd.internal', port: 3310 } });
  for (const from of ['api', 'worker']) {
    expect(allows(scanned, connection(from, 'neighbourInVpc', 3310)), from).toBe(true);
    expect(allows(scanned, connection(from, 'website', 3310)), from).toBe(from === 'worker');
    expect(allows(networkPolicies(stage), connection(from, 'neighbourInVpc', 3310)), from).toBe(false);
  }
  expect(allows(scanned, connection('nginx', 'neighbourInVpc', 3310))).toBe(false);
});

test('the API reaches its token issuers, whose addresses have the port of https', () => {
  const { tokenIssuer, otherIssuers } = stageOf('production');
  for (const issuer of [tokenIssuer, ...otherIssuers.map((other) => other.issuer)])
    expect(new URL(issuer)).toMatchObject({ protocol: 'https:', port: '' });
  expect(allows(policiesOf(production), connection('api', 'website', 443))).toBe(true);
});

describe('everything else is denied', () => {
  /** All ports that occur in a flow. */
  const ports = [...new Set(flows.flatMap(({ ports: some }) => some.flat()))];

  test('to and from a pod that is not declared, in every namespace', () => {
    const used = new Set(production.manifests.map(({ kind, metadata }) => metadata.namespace ?? kind));
    const releases = production.all('helm.sh/v3:Release').map(({ inputs }) => inputs.namespace as string);
    const made = production.manifests
      .filter(({ kind }) => kind === 'Namespace')
      .map((one) => one.metadata.name);
    const namespaces = new Set([
      ...used,
      ...releases,
      ...made,
      'default',
      'kube-system',
      'kube-public',
      'kube-node-lease',
    ]);
    for (const namespace of [...namespaces].filter((name) => !/^[A-Z]/.test(name))) {
      const otherPod: End = { namespace, labels: { app: 'otherPod' }, address: '10.0.4.200' };
      for (const other of Object.values(ends))
        for (const port of ports) {
          const policies = policiesOf(production);
          expect(allows(policies, { from: otherPod, to: other, port }), `${namespace} out`).toBe(false);
          expect(allows(policies, { from: other, to: otherPod, port }), `${namespace} in`).toBe(false);
        }
    }
  });

  test('between pods of the platform and other pods, except for these flows', () => {
    const platform = ['nginx', 'api', 'worker', 'migration'];
    const found = Object.keys(pods).flatMap((from) =>
      Object.keys(pods)
        .filter((to) => from !== to && to !== 'dns' && (platform.includes(from) || platform.includes(to)))
        .flatMap((to) =>
          ports
            .filter((port) => allows(policiesOf(production), connection(from, to, port)))
            .map((port) => `${from} → ${to} ${port}`),
        ),
    );
    // Port 443 of the VPC is allowed for AWS endpoints on egress; the ingress of the other pod denies it.
    expect(found.toSorted()).toEqual([
      'api → traceCollector 4317',
      'keda → api 3001',
      'nginx → api 3000',
      'nginx → api 9464',
      'prometheus → api 8888',
      'prometheus → api 9464',
      'prometheus → nginx 9443',
      'prometheus → worker 8888',
      'prometheus → worker 9464',
      'worker → traceCollector 4317',
    ]);
  });
});

test('the addresses in policies are those of the network', () => {
  expect(production.one('ec2/vpc:Vpc').inputs.cidrBlock).toBe(addresses.vpc);
  expect(production.one('eks/cluster:Cluster').inputs.kubernetesNetworkConfig.serviceIpv4Cidr).toBe(
    addresses.services,
  );
  const publics = production.all('ec2/subnet:Subnet').filter(({ inputs }) => inputs.mapPublicIpOnLaunch);
  expect(new Set(publics.map(({ inputs }) => inputs.cidrBlock))).toEqual(new Set(addresses.publicSubnets));
});

test('the target port of a Service is a number or a port name of a main container, since the CNI resolves no others', () => {
  const services = production.manifests.filter(({ kind }) => kind === 'Service');
  expect(services).not.toHaveLength(0);
  for (const { metadata, spec } of services) {
    const [{ spec: pod }] = production.manifests
      .filter(({ kind, metadata: { name } }) => kind === 'Deployment' && name === metadata.name)
      .map((found) => found.spec.template);
    const all = [...pod.containers, ...(pod.initContainers ?? [])].flatMap(({ ports = [] }) => ports);
    const main = pod.containers.flatMap(({ ports = [] }: { ports?: object[] }) => ports);
    const known = new Set<number | string>([
      ...all.map(({ containerPort }: { containerPort: number }) => containerPort),
      ...main.map(({ name }: { name: string }) => name),
    ]);
    for (const { targetPort } of spec.ports) expect(known, metadata.name).toContain(targetPort);
  }
});

test('the labels of a peer are among the selector labels of its Service, since the CNI resolves no others', () => {
  const services = production.manifests.filter(({ kind }) => kind === 'Service');
  expect(services).not.toHaveLength(0);
  for (const { metadata, spec } of services) {
    const selector = spec.selector as Record<string, string>;
    const peers = Object.values(declared as Record<string, Pods>).filter(
      ({ namespace, labels }) =>
        namespace === metadata.namespace &&
        Object.entries(labels).every(([key, value]) => selector[key] === value),
    );
    expect(peers, metadata.name).toHaveLength(1);
  }
});
