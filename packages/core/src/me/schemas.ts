import { z } from 'zod';
import { operatorScopes, roleSchema, scopeSchema } from '../actor.ts';
import { slugSchema } from '../text.ts';

/** More portfolios than anybody looks through. */
export const mostPortfolios = 200;

const scopes = z.array(z.enum([...scopeSchema.options, ...operatorScopes])).max(100);

/** Who calls, by which credential, and what it may do. */
export const meSchema = z
  .object({
    kind: z.enum(['user', 'portfolio-key', 'operator-key']),
    id: z.string().describe('The id of the person, or of the key of a portfolio or an operator.'),
    subject: z
      .string()
      .nullable()
      .describe('The `sub` by which the issuer names the person; null for the key of a portfolio.'),
    issuer: z.string().nullable(),
    name: z.string().nullable(),
    credential: z.object({
      kind: z.enum(['key', 'token', 'session']),
      id: z.string().nullable().describe('The id of the key or session, or the `jti` of the token.'),
      expiresAt: z.iso.datetime().nullable(),
      signedInAt: z.iso
        .datetime()
        .nullable()
        .describe('When the person last proved who they are; null where that is not known.'),
      recentUntil: z.iso
        .datetime()
        .nullable()
        .describe(
          'Until when what requires a recent sign-in can be done; null where none is required, as of keys.',
        ),
    }),
    scopes: scopes.describe('What the credential may do; in a portfolio, as far as the role goes.'),
    isOperator: z.boolean().describe('True for who operates the platform.'),
    portfolios: z
      .array(
        z.object({
          slug: slugSchema,
          name: z.string(),
          role: roleSchema.nullable().describe('Null for a key of the portfolio.'),
          scopes: scopes.describe('What the credential may do in it.'),
        }),
      )
      .max(mostPortfolios)
      .describe(`By slug, ${mostPortfolios} at most.`),
    more: z.boolean().describe('True if there are further portfolios.'),
    limits: z
      .array(
        z.object({
          policy: z.string().describe('As in the header `RateLimit-Policy`.'),
          limit: z.int().describe('Operations per minute.'),
          remaining: z.int(),
          resetSeconds: z.int(),
        }),
      )
      .max(10)
      .describe('What is left of each limit of the caller.'),
  })
  .meta({ id: 'Me' });
