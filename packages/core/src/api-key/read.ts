import { z } from 'zod';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { personOf, tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { fetchApiKey } from './internal.ts';
import { apiKeySchema } from './schemas.ts';

export const readApiKey = operation({
  name: 'apiKey.read',
  kind: 'query',
  summary: 'Read a key of a portfolio, without its secret.',
  scope: 'api-key:read',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, id: idOf('apiKey') }),
  output: apiKeySchema,
  tenant: tenantBySlug,
  run: ({ db }, { id }, tenant) => fetchApiKey(db, { portfolioId: tenant.id }, id),
});

export const readOwnKey = operation({
  name: 'ownKey.read',
  kind: 'query',
  summary: 'Read a personal key of yours, without its secret.',
  scope: 'api-key:read',
  public: false,
  input: z.strictObject({ id: idOf('apiKey') }),
  output: apiKeySchema,
  tenant: 'none',
  run: ({ actor, db }, { id }) => fetchApiKey(db, { personId: personOf(actor) }, id),
});
