/** The labels of all objects. */
const platform = { 'app.kubernetes.io/part-of': 'portfolio', 'app.kubernetes.io/managed-by': 'sst' };

/** The labels of an object or pod. `component` is its role in the platform, such as `api`. */
export const labelsOf = (name: string, component: string) => ({
  ...selectorOf(name),
  'app.kubernetes.io/component': component,
  ...platform,
});

/** The labels that select the pods of a workload. They must not change: the selector of a Deployment is immutable. */
export const selectorOf = (name: string) => ({ 'app.kubernetes.io/name': name });
