import { and, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { iso, prepared } from '../sql.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { type UploadState, uploadStatusSchema } from './schemas.ts';
import { uploads } from './upload.sql.ts';

export const readUpload = operation({
  name: 'upload.read',
  kind: 'query',
  summary:
    'Read what became of an upload. It is deleted, with its file, a few minutes after it was used or has expired.',
  scope: 'portfolio:read',
  public: false,
  input: z.strictObject({ portfolio: slugSchema, id: idOf('upload') }),
  output: uploadStatusSchema,
  tenant: tenantBySlug,
  async run({ db }, { portfolio, id }, tenant) {
    const [found] = await byId(db).execute({ portfolioId: tenant.id, id });
    if (!found) throw new AppError('not_found', `Portfolio "${tenant.slug}" has no upload "${id}".`);
    return { ...found, portfolio };
  },
});

const { placeholder } = sql;

/** `useUpload` lets an upload expire as of its creation. */
const state = sql<UploadState>`case
  when ${uploads.expiresAt} <= ${uploads.createdAt} then 'used'
  when ${uploads.expiresAt} <= now() then 'expired'
  when ${uploads.threat} is not null then 'quarantined'
  else 'open' end`;

const byId = prepared((db) =>
  db
    .select({
      id: uploads.id,
      state,
      threat: uploads.threat,
      createdAt: iso(uploads.createdAt),
      expiresAt: iso(uploads.expiresAt),
    })
    .from(uploads)
    .where(and(eq(uploads.portfolioId, placeholder('portfolioId')), eq(uploads.id, placeholder('id'))))
    .prepare('upload_by_id'),
);
