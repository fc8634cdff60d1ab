import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { IProbe } from 'kubernetes-models/v1/Probe';
import type { ITopologySpreadConstraint } from 'kubernetes-models/v1/TopologySpreadConstraint';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import { labelsOf, selectorOf } from './labels.ts';

/** The unprivileged user of all images. */
const user = 65_532;

/** `memory` is both request and limit, so that a node cannot run out of memory. */
type Resources = { cpu: string; cpuLimit: string; memory: string };

export type Part = Omit<IContainer, 'resources' | 'securityContext'> & { name: string; resources: Resources };

type Pod = {
  name: string;
  component: string;
  /** The node group. Those of `api` and `worker` are tainted for other pods. */
  nodes: 'api' | 'worker' | 'system';
  graceSeconds?: number;
  containers: Part[];
  /** Started before the containers, and stopped after them. */
  sidecars?: Part[];
  volumes?: IVolume[];
};

/** A hardened pod template: unprivileged, with a read-only root file system, on the nodes of its group. */
export function podTemplate({
  name,
  component,
  nodes,
  graceSeconds,
  containers,
  sidecars = [],
  volumes = [],
}: Pod) {
  return {
    metadata: { labels: labelsOf(name, component) },
    spec: {
      serviceAccountName: name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      ...(graceSeconds !== undefined && { terminationGracePeriodSeconds: graceSeconds }),
      nodeSelector: { workload: nodes },
      ...(nodes !== 'system' && {
        tolerations: [{ key: 'workload', value: nodes, effect: 'NoSchedule' as const }],
      }),
      securityContext: {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: 'RuntimeDefault' as const },
      },
      ...(sidecars.length > 0 && {
        initContainers: sidecars.map((sidecar) => ({ ...hardened(sidecar), restartPolicy: 'Always' })),
      }),
      containers: containers.map(hardened),
      volumes,
    },
  } satisfies IPodTemplateSpec;
}

const hardened = ({ resources: { cpu, cpuLimit, memory }, ...container }: Part) => ({
  ...container,
  resources: { requests: { cpu, memory }, limits: { cpu: cpuLimit, memory } },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  },
});

/** A writable directory that is deleted with its pod. */
export const scratch = (name: string, sizeLimit: string): IVolume => ({ name, emptyDir: { sizeLimit } });

export const httpProbe = (path: string, port: string | number, timing: Omit<IProbe, 'httpGet'>): IProbe => ({
  httpGet: { path, port },
  ...timing,
});

/**
 * Spreads pods evenly over zones, and over nodes if possible. Each version of a Deployment is spread by itself. Tainted
 * nodes do not count, so that the pods of a failed zone can run in the others.
 */
export function spread(name: string): ITopologySpreadConstraint[] {
  const one = (topologyKey: string, whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway') => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    nodeTaintsPolicy: 'Honor' as const,
    labelSelector: { matchLabels: selectorOf(name) },
    matchLabelKeys: ['pod-template-hash'],
  });
  return [
    one('topology.kubernetes.io/zone', 'DoNotSchedule'),
    one('kubernetes.io/hostname', 'ScheduleAnyway'),
  ];
}
