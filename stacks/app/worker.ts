import { createObjects } from '../cluster/objects.ts';
import { workerObjects } from '../k8s/worker.ts';
import type { Stage } from '../stage.ts';
import type { AppParts } from './index.ts';
import { programFacts, programKinds, programOptions } from './program.ts';

/** Rolls out the worker, with its settings, its autoscaler and its disruption budget, after `dependsOn`. */
export function createWorker(stage: Stage, parts: AppParts, dependsOn: $util.Resource[]) {
  const { roles, messaging, images } = parts;
  const given = $resolve({
    ...programFacts(parts, 'portfolio_worker'),
    deadLetterQueueUrl: messaging.deadLetters.url,
    image: images.refs.worker,
  });
  createObjects(
    'Worker',
    given.apply((values) => workerObjects(stage, values)),
    {
      ...programKinds,
      deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
      scaling: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' },
    },
    programOptions(parts, roles.worker, dependsOn),
  );
}
