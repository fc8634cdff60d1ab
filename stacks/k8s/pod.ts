import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { IProbe } from 'kubernetes-models/v1/Probe';
import type { ITopologySpreadConstraint } from 'kubernetes-models/v1/TopologySpreadConstraint';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import { labelsOf, selectorOf } from './labels.ts';

/** The user of all our images; it owns nothing on any node. */
const user = 65_532;

/** What a container may use: its memory is what it asks for, so that no node runs out of it. */
type Resources = { cpu: string; cpuLimit: string; memory: string };

export type Part = Omit<IContainer, 'resources' | 'securityContext'> & { name: string; resources: Resources };

type Pod = {
  name: string;
  component: string;
  /** Of which nodes: those of `api` and `worker` admit no others. */
  nodes: 'api' | 'worker' | 'system';
  graceSeconds?: number;
  containers: Part[];
  /** Run beside the containers: started before them, and ended after them. */
  sidecars?: Part[];
  volumes?: IVolume[];
};

/** The pods of a workload: without rights, with nothing to write to but what is given, on the nodes made for them. */
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

/** A folder that a container may write to, gone with its pod. */
export const scratch = (name: string, sizeLimit: string): IVolume => ({ name, emptyDir: { sizeLimit } });

export const httpProbe = (path: string, port: string | number, timing: Omit<IProbe, 'httpGet'>): IProbe => ({
  httpGet: { path, port },
  ...timing,
});

/**
 * Over all zones evenly, and over nodes where that can be. Each version of a Deployment is spread by itself, and a zone
 * that is down, whose nodes are tainted, does not keep the others from taking its pods.
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
