import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { App, Manifest } from '../synth/app.ts';

/** All objects of a kind. */
export const ofKind = (app: App, kind: string): Manifest[] =>
  app.manifests.filter((manifest) => manifest.kind === kind);

/** The object of a kind and a name, without the hash at its end. Throws unless there is exactly one. */
export function objectOf(app: App, kind: string, name: string): Manifest {
  const isIt = (given: string) => given === name || given.replace(/-[0-9a-f]{10}$/, '') === name;
  const [found, ...more] = ofKind(app, kind).filter(({ metadata }) => isIt(metadata.name));
  if (!found || more.length > 0) throw new Error(`Expected exactly one ${kind} named ${name}.`);
  return found;
}

export type Workload = {
  manifest: Manifest;
  template: IPodTemplateSpec & { spec: Pod };
  containers: IContainer[];
};
type Pod = NonNullable<IPodTemplateSpec['spec']>;

/** All objects that create pods, with their containers and sidecars. */
export const workloadsOf = (app: App): Workload[] =>
  app.manifests
    .filter(({ spec }) => spec?.template?.spec?.containers)
    .map((manifest) => {
      const template = manifest.spec.template as Workload['template'];
      const { containers, initContainers = [] } = template.spec;
      return { manifest, template, containers: [...initContainers, ...containers] };
    });

/** The environment of a workload's first container, from its ConfigMaps. */
export function environmentOf(app: App, workload: Workload): Record<string, string> {
  const [program] = workload.template.spec.containers;
  const names = (program?.envFrom ?? []).map(({ configMapRef }) => configMapRef?.name);
  const maps = names.map(
    (name) => ofKind(app, 'ConfigMap').find(({ metadata }) => metadata.name === name)?.data,
  );
  return Object.assign({}, ...maps) as Record<string, string>;
}
