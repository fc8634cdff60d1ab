import { z } from 'zod';

export const artifactKindSchema = z.enum(['module', 'pipeline', 'script', 'runbook', 'policy', 'dashboard']);
export type ArtifactKind = z.infer<typeof artifactKindSchema>;
