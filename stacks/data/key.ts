import { type Stage, keep } from '../stage.ts';

/** A key of ours that AWS renews each year, by default in the region of the stage: what it encrypted is lost with it. */
export function createKey(stage: Stage, name: string, description: string, provider?: aws.Provider) {
  return new aws.kms.Key(
    name,
    { description, enableKeyRotation: true, deletionWindowInDays: stage.isProtected ? 30 : 7 },
    { ...keep(stage), ...(provider && { provider }) },
  );
}
