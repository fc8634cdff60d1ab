/** Whatever is made here belongs to one platform. */
const platform = { 'app.kubernetes.io/part-of': 'portfolio', 'app.kubernetes.io/managed-by': 'sst' };

/** What every object has, and every pod; `component` is its part in the platform, such as `api`. */
export const labelsOf = (name: string, component: string) => ({
  ...selectorOf(name),
  'app.kubernetes.io/component': component,
  ...platform,
});

/** What pods of one workload are known by: never to change, as that of a Deployment cannot. */
export const selectorOf = (name: string) => ({ 'app.kubernetes.io/name': name });
