import { z } from 'zod';
import { scopeSchema } from '../actor.ts';
import { idOf } from '../ids.ts';
import { line, slugSchema } from '../text.ts';

/** An API key, without its secret. It belongs to a portfolio, or to the user who made it. */
export const apiKeySchema = z
  .object({
    id: idOf('apiKey'),
    portfolio: slugSchema.nullable().describe('Null for the key of a user.'),
    name: z.string(),
    prefix: z.string().describe('The first characters of the secret.'),
    scopes: z.array(scopeSchema).max(scopeSchema.options.length),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('To the minute or so.'),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' });

/** A new API key with its secret, which is shown this once. */
export const newApiKeySchema = apiKeySchema
  .extend({ secret: z.string().describe('Shown this once; what follows `Bearer` in `Authorization`.') })
  .meta({ id: 'NewApiKey' });

/** What a new key is asked for with. */
export const apiKeyInput = {
  name: line(100).describe('What it is for.'),
  scopes: z
    .array(scopeSchema)
    .min(1)
    .max(scopeSchema.options.length)
    .transform((scopes) => [...new Set(scopes)])
    .describe('What it may do; not more than the credential that asks for it.'),
  expiresAt: z.iso
    .datetime()
    .refine((time) => !(Date.parse(time) <= Date.now()), 'Expected a time to come.')
    .nullable()
    .describe('When it ends; null for never.'),
};
