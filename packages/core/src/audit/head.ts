import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { auditLog } from './audit.sql.ts';
import { headOf, isUnsealed } from './chain.ts';
import { auditHeadSchema } from './schemas.ts';
import { lastSeal } from './seal.ts';

export const readAuditHead = operation({
  name: 'audit.head',
  kind: 'query',
  summary:
    'Read the newest seal of the hash chain of a portfolio. Note it outside of the platform, so that nobody can rewrite what is before it.',
  scope: 'audit:read',
  public: false,
  input: z.strictObject({ portfolio: slugSchema }),
  output: auditHeadSchema,
  tenant: tenantBySlug,
  async run({ db }, _input, { id }) {
    const [last, unsealed] = await Promise.all([lastSeal(db, id), db.$count(auditLog, isUnsealed(id))]);
    if (!last) return { head: null, number: 0, hash: null, sealedAt: null, unsealed };
    const sealedAt = new Date(last.sealedAt).toISOString();
    return { ...last, sealedAt, head: headOf(id, last), unsealed };
  },
});
