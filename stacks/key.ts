import { type Stage, keep } from './stage.ts';

/** A key of ours that AWS renews each year, in the region of the stage or another: what it encrypted is lost with it. */
export function createKey(stage: Stage, name: string, description: string, region?: string) {
  return new aws.kms.Key(
    name,
    {
      description,
      enableKeyRotation: true,
      deletionWindowInDays: stage.isProtected ? 30 : 7,
      ...(region && { region }),
    },
    keep(stage),
  );
}
