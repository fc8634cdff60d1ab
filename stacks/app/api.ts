import { createObjects } from '../cluster/objects.ts';
import { apiObjects } from '../k8s/api.ts';
import type { Stage } from '../stage.ts';
import type { AppParts } from './index.ts';
import { programFacts, programKinds, programOptions } from './program.ts';

/** Rolls out the API, with its settings, its autoscaler and its disruption budget, after `dependsOn`. */
export function createApi(stage: Stage, parts: AppParts, dependsOn: $util.Resource[]): $util.Resource[] {
  const { roles, cache, images, secrets } = parts;
  const given = $resolve({
    ...programFacts(parts, 'portfolio_api'),
    cache: cache && { url: cache.url, group: cache.group.replicationGroupId },
    signInSecret: secrets.programs.signIn?.arn ?? null,
    image: images.refs.api,
  });
  return createObjects(
    'Api',
    given.apply((values) => apiObjects(stage, values)),
    {
      ...programKinds,
      service: { apiVersion: 'v1', kind: 'Service' },
      deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
      scaling: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' },
    },
    programOptions(parts, roles.api, dependsOn),
  );
}
