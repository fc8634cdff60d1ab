import { collector, sidecarConfig } from './collector.ts';
import { configMap } from './config-map.ts';
import { deployment } from './deployment.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { podMonitor } from './pod-monitor.ts';
import { type Part, scratch } from './pod.ts';
import { serviceAccount } from './service-account.ts';

export type ProgramImages = { image: string; collectorImage: string };

type Program = ProgramImages & {
  component: 'api' | 'worker';
  /** Its settings, as environment variables. */
  environment: Record<string, string>;
  graceSeconds: number;
  /** The size of /tmp, as a Kubernetes quantity. */
  scratchSize: string;
  container: Omit<Part, 'name' | 'image' | 'envFrom' | 'volumeMounts'>;
};

const namespace = 'portfolio';

/** The name, namespace and component of a program's objects. */
export const workloadOf = (component: Program['component']) => ({
  name: `portfolio-${component}`,
  namespace,
  component,
});

/** The objects that API and worker have in common: a Deployment with a collector as a sidecar, and their settings. */
export function programObjects(program: Program) {
  const { image, collectorImage, component, environment, graceSeconds, scratchSize, container } = program;
  const { name } = workloadOf(component);
  const config = configMap({ name, namespace, component, data: environment });
  const collectorSettings = sidecarConfig(name, namespace, component);
  const { sidecar, volume } = collector(collectorImage, collectorSettings.metadata.name);
  return {
    serviceAccount: serviceAccount(name, namespace, component),
    config,
    sidecarConfig: collectorSettings,
    disruptionBudget: disruptionBudget(name, namespace, component),
    monitor: podMonitor(name, namespace, component, [
      { port: 'metrics' },
      { port: 'telemetry', job: `${name}-collector` },
    ]),
    deployment: deployment({
      name,
      namespace,
      component,
      nodes: component,
      graceSeconds,
      sidecars: [sidecar],
      volumes: [volume, scratch('tmp', scratchSize)],
      containers: [
        {
          name: component,
          image,
          envFrom: [{ configMapRef: { name: config.metadata.name } }],
          ...container,
          volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
        },
      ],
    }),
  };
}
