type Manifest = { apiVersion: string; kind: string; metadata?: object };
type Options = {
  provider: kubernetes.Provider;
  /** What must be there before. */
  dependsOn?: $util.Resource[];
  customTimeouts?: $util.CustomTimeouts;
  retainOnDelete?: boolean;
};

/** Makes a Kubernetes object as one of the builders in stacks/k8s gives it. */
export const createObject = (name: string, manifest: Manifest, options: Options) =>
  new kubernetes.apiextensions.CustomResource(name, { ...manifest }, options);

/** A rollout waits for new nodes, a quarter of its pods at a time; left alone it would be given up after ten minutes. */
export const rolloutTimeouts = { create: '30m', update: '30m' };

/** All that objects hold beside what kind they are. */
const fields = ['metadata', 'spec', 'data', 'immutable', 'automountServiceAccountToken'];

/**
 * Makes the objects of a workload, which are known only once other resources are made; what kinds they are is known
 * before. They are made in the order of `kinds`, each after those before it, and awaited: a rollout to its end.
 */
export function createObjects<Objects extends Record<string, Manifest>>(
  prefix: string,
  objects: $util.Output<Objects>,
  kinds: { [Name in keyof Objects]: Pick<Objects[Name], 'apiVersion' | 'kind'> },
  { dependsOn = [], ...options }: Options,
): $util.Resource[] {
  const made = [...dependsOn];
  for (const [name, { apiVersion, kind }] of Object.entries(kinds)) {
    const content = fields.map((field) => [field, objects.apply((all) => Reflect.get(all[name], field))]);
    const logicalName = prefix + name.replace(/^./, (first) => first.toUpperCase());
    const object = { apiVersion, kind, ...Object.fromEntries(content) };
    // A Deployment that is rolled back by hand starts pods with the ConfigMap of before. One that is there still is taken over
    // when its settings come back, by server-side apply; later providers than this one want `upsertExistingObjects` for that.
    const retainOnDelete = kind === 'ConfigMap';
    made.push(createObject(logicalName, object, { ...options, retainOnDelete, dependsOn: [...made] }));
  }
  return made;
}
