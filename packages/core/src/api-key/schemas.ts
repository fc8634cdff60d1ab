import { z } from 'zod';
import { scopeSchema } from '../actor.ts';
import { idOf } from '../ids.ts';
import { line, slugSchema } from '../text.ts';

/** An API key without its secret. It belongs to a portfolio, or to the user who created it. */
export const apiKeySchema = z
  .object({
    id: idOf('apiKey'),
    portfolio: slugSchema.nullable().describe('Null for a personal key.'),
    name: z.string(),
    prefix: z.string().describe('The first characters of the secret.'),
    scopes: z.array(scopeSchema).max(scopeSchema.options.length),
    madeBy: z
      .string()
      .nullable()
      .describe('The id of the person who made it, or whose key made it; null where that is not known.'),
    madeWith: z
      .string()
      .nullable()
      .describe('The credential that made it: the id of a key or a session, or the `jti` of a token.'),
    parent: idOf('apiKey').nullable().describe('The key that made it, with which it ends.'),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('Accurate to about a minute.'),
    lastUsedAddress: z.string().nullable().describe('The address that used it then.'),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' });

/** A new API key with its secret, which is shown only once. */
export const newApiKeySchema = apiKeySchema
  .extend({ secret: z.string().describe('Shown only once. Send it in `Authorization` after `Bearer`.') })
  .meta({ id: 'NewApiKey' });

const expirySchema = z.iso
  .datetime()
  .refine((time) => !(Date.parse(time) <= Date.now()), 'Expected a time in the future.')
  .nullable()
  .optional()
  .describe(
    'The expiry time, 90 days from now by default; null for a key that never expires. No later than the end of the ' +
      'key that makes it; made with a token, at most a year from now.',
  );

/** Input fields of a new key. */
export const apiKeyInput = {
  name: line(100).describe('The purpose of the key.'),
  scopes: z
    .array(scopeSchema)
    .min(1)
    .max(scopeSchema.options.length)
    .transform((scopes) => [...new Set(scopes)])
    .describe('The permissions of the key. Your credential must have them.'),
  expiresAt: expirySchema,
};

const aWeek = 7 * 24 * 3600;

/** Input fields of the rotation of a key. */
export const rotationInput = {
  overlapSeconds: z
    .int()
    .min(0)
    .max(aWeek)
    .default(24 * 3600)
    .describe(
      'How long the old key continues to work, unless it ends earlier: a day by default, up to seven days.',
    ),
  expiresAt: expirySchema,
};

/** Tokens that were revoked, and the keys that ended with them. */
export const endedTokensSchema = z
  .object({
    notBefore: z.iso.datetime().describe('Tokens that were issued until then are refused from now on.'),
    keysEnded: z
      .int()
      .describe('The number of keys that were made with such tokens, and have ended with them.'),
  })
  .meta({ id: 'EndedTokens' });
