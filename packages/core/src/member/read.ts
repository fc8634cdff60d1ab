import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { fetchMember } from './internal.ts';
import { memberRef, memberSchema } from './schemas.ts';

export const readMember = operation({
  name: 'member.read',
  kind: 'query',
  summary: 'Read a member of a portfolio. Every member may do this.',
  scope: 'portfolio:read',
  public: false,
  input: z.strictObject(memberRef),
  output: memberSchema,
  tenant: tenantBySlug,
  run: (ctx, { member }, tenant) => fetchMember(ctx, tenant, member),
});
