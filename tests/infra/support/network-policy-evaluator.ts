import { BlockList } from 'node:net';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer';
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort';

type Labels = Record<string, string>;
type Selector = INetworkPolicyPeer['podSelector'];

/** A pod, or another peer with an address. A peer without a namespace is not a pod, and has no policies. */
export type End = { address: string; namespace?: string; labels?: Labels };

export type Connection = { from: End; to: End; port: number; protocol?: 'TCP' | 'UDP' };

/**
 * Whether network policies allow a connection, according to Kubernetes' documentation ("Network Policies"). Both egress of
 * the source and ingress of the destination must be allowed: by a policy that selects the pod, or because none does.
 */
export const allows = (policies: readonly INetworkPolicy[], connection: Connection): boolean =>
  passes(policies, 'Egress', connection) && passes(policies, 'Ingress', connection);

function passes(
  policies: readonly INetworkPolicy[],
  direction: 'Egress' | 'Ingress',
  { from, to, port, protocol = 'TCP' }: Connection,
): boolean {
  const [self, other] = direction === 'Egress' ? [from, to] : [to, from];
  const selecting = policies.filter((policy) => selects(policy, direction, self));
  if (selecting.length === 0) return true;
  return selecting.some((policy) =>
    rulesOf(policy, direction).some(
      ({ peers, ports }) =>
        // A rule without peers or ports matches all of them.
        (peers.length === 0 || peers.some((peer) => isPeer(peer, policy, other))) &&
        (ports.length === 0 || ports.some((one) => hasPort(one, port, protocol))),
    ),
  );
}

function selects({ metadata, spec }: INetworkPolicy, direction: 'Egress' | 'Ingress', pod: End): boolean {
  // The default types are Ingress, and Egress if the policy has egress rules.
  const types = spec?.policyTypes ?? ['Ingress', ...(spec?.egress ? ['Egress'] : [])];
  return (
    pod.namespace !== undefined &&
    metadata?.namespace === pod.namespace &&
    types.includes(direction) &&
    matches(spec?.podSelector, pod.labels)
  );
}

const rulesOf = ({ spec }: INetworkPolicy, direction: 'Egress' | 'Ingress') =>
  direction === 'Egress'
    ? (spec?.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }))
    : (spec?.ingress ?? []).map(({ from = [], ports = [] }) => ({ peers: from, ports }));

function isPeer(
  { ipBlock, namespaceSelector, podSelector }: INetworkPolicyPeer,
  policy: INetworkPolicy,
  { address, namespace, labels }: End,
): boolean {
  if (ipBlock)
    return contains(ipBlock.cidr, address) && !(ipBlock.except ?? []).some((one) => contains(one, address));
  if (namespace === undefined) return false;
  // Without a namespace selector, the policy's own namespace; without a pod selector, all pods in it.
  const isNamespace = namespaceSelector
    ? matches(namespaceSelector, { 'kubernetes.io/metadata.name': namespace })
    : namespace === policy.metadata?.namespace;
  return isNamespace && matches(podSelector, labels);
}

/** Throws on expressions, which would otherwise be ignored. */
function matches(selector: Selector, labels: Labels = {}): boolean {
  if (selector?.matchExpressions) throw new Error('The evaluator does not support matchExpressions.');
  return Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
}

function contains(cidr: string, address: string): boolean {
  const [network = '', prefix = ''] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(prefix));
  return list.check(address);
}

function hasPort(given: INetworkPolicyPort, port: number, protocol: string): boolean {
  if ((given.protocol ?? 'TCP') !== protocol) return false;
  if (given.port === undefined) return true;
  if (typeof given.port !== 'number') throw new Error('The evaluator does not support named ports.');
  return given.port <= port && port <= (given.endPort ?? given.port);
}
