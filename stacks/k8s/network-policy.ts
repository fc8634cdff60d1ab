import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer';
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort';
import { addresses } from './addresses.ts';
import { type Flow, type PeerName, type Pods, type PodsName, flows, pods, scannerFlow } from './flows.ts';
import type { Stage } from '../stage.ts';
import { labelsOf } from './labels.ts';
import { type NamespaceName, builtInNamespaces, namespaces } from './namespace.ts';

type Policy = INetworkPolicy & { metadata: { name: string; namespace: NamespaceName } };

/** Addresses that are not public, from IANA's special-purpose registry. */
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
 * All network policies: one for each namespace that denies everything, and one for each entry of `pods` that allows its
 * flows.
 */
export function networkPolicies({ hasPrivateEndpoints, scanner }: Stage): Policy[] {
  const allowed = scanner ? [...flows, scannerFlow(scanner.port)] : flows;
  const everyNamespace = [...(Object.keys(namespaces) as (keyof typeof namespaces)[]), ...builtInNamespaces];
  const everyPods = Object.keys(pods) as PodsName[];
  return [
    ...everyNamespace.map(refuseAll),
    ...everyPods.map((name) => allowFlows(name, allowed, hasPrivateEndpoints)),
  ];
}

const refuseAll = (namespace: NamespaceName): Policy => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'refuse-all', namespace, labels: labelsOf('refuse-all', 'network') },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
});

/** `hasPrivateEndpoints` is true if AWS services have addresses in the VPC. */
function allowFlows(name: PodsName, allowed: readonly Flow[], hasPrivateEndpoints: boolean): Policy {
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
      ingress: allowed
        .filter(({ to }) => to.includes(name))
        .map(({ from, ...flow }) => ({ from: peersOf(from), ports: portsOf(flow) })),
      egress: allowed
        .filter(({ from }) => from.includes(name))
        .map(({ to, ...flow }) => ({ to: peersOf(to), ports: portsOf(flow) })),
    },
  };
}

const kebabCase = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const isPods = (name: PodsName | PeerName): name is PodsName => Object.hasOwn(pods, name);

function peers(name: PodsName | PeerName, hasPrivateEndpoints: boolean): INetworkPolicyPeer[] {
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

/** The addresses of a peer that is not a pod. */
function blocks(peer: PeerName, hasPrivateEndpoints: boolean): INetworkPolicyPeer[] {
  const internet = { ipBlock: { cidr: '0.0.0.0/0', except: notInternet } };
  const vpc = block(addresses.vpc);
  return {
    internet: [internet],
    aws: hasPrivateEndpoints ? [internet, vpc] : [internet],
    vpc: [vpc],
    // The control plane has network interfaces in the subnets of the nodes.
    controlPlane: [vpc],
    loadBalancer: addresses.publicSubnets.map(block),
    originLoadBalancer: addresses.originSubnets.map(block),
    // The CNI evaluates policies before kube-proxy translates the address of a Service.
    kubernetesApi: [block(addresses.services), vpc],
    podIdentityAgent: [block(addresses.podIdentityAgent)],
  }[peer];
}

const portsOf = ({ ports, udp = [] }: Pick<Flow, 'ports' | 'udp'>): INetworkPolicyPort[] => [
  ...ports.map((port) =>
    typeof port === 'number'
      ? { protocol: 'TCP' as const, port }
      : { protocol: 'TCP' as const, port: port[0], endPort: port[1] },
  ),
  ...udp.map((port) => ({ protocol: 'UDP' as const, port })),
];
