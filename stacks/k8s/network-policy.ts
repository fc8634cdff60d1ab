import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer';
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort';
import { addresses } from './addresses.ts';
import { type Flow, type PlaceName, type Pods, type PodsName, flows, pods } from './flows.ts';
import { labelsOf } from './labels.ts';
import { type NamespaceName, givenNamespaces, namespaces } from './namespace.ts';

type Policy = INetworkPolicy & { metadata: { name: string; namespace: NamespaceName } };

/** What is not the internet: the blocks of IANA's special-purpose registry that must not or cannot be reached there. */
const notInternet = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/**
 * All network policies: in every namespace one that refuses everything, and for all pods one that lets their flows
 * through. `hasPrivateEndpoints`: whether AWS's services are reached by addresses of the VPC.
 */
export function networkPolicies(hasPrivateEndpoints: boolean): Policy[] {
  const everyNamespace = [...(Object.keys(namespaces) as (keyof typeof namespaces)[]), ...givenNamespaces];
  const everyPods = Object.keys(pods) as PodsName[];
  return [
    ...everyNamespace.map(refuseAll),
    ...everyPods.map((name) => allowFlows(name, hasPrivateEndpoints)),
  ];
}

const refuseAll = (namespace: NamespaceName): Policy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'refuse-all', namespace, labels: labelsOf('refuse-all', 'network') },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
});

function allowFlows(name: PodsName, hasPrivateEndpoints: boolean): Policy {
  const { namespace, labels }: Pods = pods[name];
  const policy = kebabCase(name);
  const peersOf = (names: Flow['from']) => names.flatMap((peer) => peers(peer, hasPrivateEndpoints));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: policy, namespace, labels: labelsOf(policy, 'network') },
    spec: {
      podSelector: { matchLabels: labels },
      policyTypes: ['Ingress', 'Egress'],
      ingress: flows
        .filter(({ to }) => to.includes(name))
        .map(({ from, ...flow }) => ({ from: peersOf(from), ports: portsOf(flow) })),
      egress: flows
        .filter(({ from }) => from.includes(name))
        .map(({ to, ...flow }) => ({ to: peersOf(to), ports: portsOf(flow) })),
    },
  };
}

const kebabCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const isPods = (name: PodsName | PlaceName): name is PodsName => Object.hasOwn(pods, name);

function peers(name: PodsName | PlaceName, hasPrivateEndpoints: boolean): INetworkPolicyPeer[] {
  if (!isPods(name)) return blocks(name, hasPrivateEndpoints);
  const { namespace, labels }: Pods = pods[name];
  return [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
      podSelector: { matchLabels: labels },
    },
  ];
}

const block = (cidr: string): INetworkPolicyPeer => ({ ipBlock: { cidr } });

/** What each place is made of. */
function blocks(place: PlaceName, hasPrivateEndpoints: boolean): INetworkPolicyPeer[] {
  const internet = { ipBlock: { cidr: '0.0.0.0/0', except: notInternet } };
  const vpc = block(addresses.vpc);
  return {
    internet: [internet],
    aws: hasPrivateEndpoints ? [internet, vpc] : [internet],
    vpc: [vpc],
    // It has interfaces in the subnets of the nodes, with addresses like any other.
    controlPlane: [vpc],
    loadBalancer: addresses.publicSubnets.map(block),
    originLoadBalancer: addresses.originSubnets.map(block),
    // The CNI looks at packets before kube-proxy turns a Service's address into one of those behind it.
    kubernetesApi: [block(addresses.services), vpc],
    podIdentityAgent: [block(addresses.podIdentityAgent)],
  }[place];
}

const portsOf = ({ ports, udp = [] }: Pick<Flow, 'ports' | 'udp'>): INetworkPolicyPort[] => [
  ...ports.map((port) =>
    typeof port === 'number'
      ? { protocol: 'TCP' as const, port }
      : { protocol: 'TCP' as const, port: port[0], endPort: port[1] },
  ),
  ...udp.map((port) => ({ protocol: 'UDP' as const, port })),
];
