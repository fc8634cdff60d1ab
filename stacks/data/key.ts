import { type Stage, keep } from '../stage.ts';

/** A customer managed key, rotated each year, by default in the stage's region. Deleting it destroys what it encrypts. */
export function createKey(stage: Stage, name: string, description: string, provider?: aws.Provider) {
  return new aws.kms.Key(
    name,
    { description, enableKeyRotation: true, deletionWindowInDays: stage.isProtected ? 30 : 7 },
    { ...keep(stage), ...(provider && { provider }) },
  );
}
