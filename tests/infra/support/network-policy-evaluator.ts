import { BlockList } from 'node:net';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer';
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort';

type Labels = Record<string, string>;
type Selector = INetworkPolicyPeer['podSelector'];

/** A pod, or something else that has an address: one without a namespace is no pod, and has no policies. */
export type End = { address: string; namespace?: string; labels?: Labels };

export type Connection = { from: End; to: End; port: number; protocol?: 'TCP' | 'UDP' };

/**
 * Whether a connection comes about, as Kubernetes' documentation has it ("Network Policies"): the egress policies of the
 * pod that it comes from must allow it, and the ingress policies of the pod that it goes to. A pod that no policy of a
 * direction selects is free in that direction; for one that is selected, what any of these policies allows is allowed.
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
        // A rule without peers is for all of them, and one without ports for all ports.
        (peers.length === 0 || peers.some((peer) => isPeer(peer, policy, other))) &&
        (ports.length === 0 || ports.some((one) => hasPort(one, port, protocol))),
    ),
  );
}

function selects({ metadata, spec }: INetworkPolicy, direction: 'Egress' | 'Ingress', pod: End): boolean {
  // Where no types are given, ingress is one, and egress where the policy has rules of it.
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
  // Without a selector of namespaces, the policy's own is meant; without one of pods, all in the namespace.
  const isNamespace = namespaceSelector
    ? matches(namespaceSelector, { 'kubernetes.io/metadata.name': namespace })
    : namespace === policy.metadata?.namespace;
  return isNamespace && matches(podSelector, labels);
}

/** Selectors by expressions are not used by ours: one that is would be passed over, and so it is refused. */
function matches(selector: Selector, labels: Labels = {}): boolean {
  if (selector?.matchExpressions) throw new Error('The evaluator knows no matchExpressions.');
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
  if (typeof given.port !== 'number') throw new Error('The evaluator knows no ports by name.');
  return given.port <= port && port <= (given.endPort ?? given.port);
}
