type Manifest = { apiVersion: string; kind: string; metadata?: object };
type Options = {
  provider: kubernetes.Provider;
  dependsOn?: $util.Resource[];
  customTimeouts?: $util.CustomTimeouts;
  retainOnDelete?: boolean;
};

/** Creates a Kubernetes object from a manifest built in stacks/k8s. */
export const createObject = (name: string, manifest: Manifest, options: Options) =>
  new kubernetes.apiextensions.CustomResource(name, { ...manifest }, options);

/** A rollout may wait for new nodes, a quarter of its pods at a time. The default timeout is ten minutes. */
export const rolloutTimeouts = { create: '30m', update: '30m' };

/** The fields of all objects, except `apiVersion` and `kind`. */
const fields = ['metadata', 'spec', 'data', 'immutable', 'automountServiceAccountToken'];

/**
 * Creates the objects of a workload, whose content depends on other resources, so that only their kinds are known before.
 * They are created one after another in the order of `kinds`. Rollouts are awaited.
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
    // A Deployment that is rolled back by hand needs the ConfigMap of its former version. Server-side apply adopts a
    // retained one when its settings return; later versions of the provider need `upsertExistingObjects` for this.
    const retainOnDelete = kind === 'ConfigMap';
    made.push(createObject(logicalName, object, { ...options, retainOnDelete, dependsOn: [...made] }));
  }
  return made;
}
