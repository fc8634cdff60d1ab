import { and, eq, gt, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Tenant } from '../tenancy.ts';
import { contentKey, stagingKey } from './keys.ts';
import type { StoredFile } from './schemas.ts';
import { OtherBytes, settle } from './settle.ts';
import { uploads } from './upload.sql.ts';

/**
 * Checks the bytes of a sent file against what was announced, and stores them for good. Slow: belongs outside of the
 * transaction, in which `useUpload` then takes it.
 *
 * @throws AppError `invalid_input` without such an upload or with other bytes, `conflict` while nothing was sent.
 */
export async function storeUpload(
  { db, bucket, signal }: Ctx,
  tenant: Tenant,
  id: string,
  noun: 'evidence' | 'artifacts',
): Promise<StoredFile> {
  const [file] = await db
    .select({
      fileName: uploads.fileName,
      contentType: uploads.contentType,
      sizeBytes: uploads.sizeBytes,
      sha256: uploads.sha256,
    })
    .from(uploads)
    .where(open(tenant, id));
  if (!file) throw noUpload(id);
  const from = stagingKey(tenant.id, id);
  const to = contentKey(noun, tenant.id, file.sha256);
  const contentType = await settle(bucket, { from, to, file }, signal).catch((error: unknown) => {
    throw error instanceof OtherBytes ? otherBytes(file, error) : error;
  });
  if (contentType === null) {
    throw new AppError('conflict', `The file of upload "${id}" has not been sent yet.`);
  }
  return { ...file, contentType };
}

/**
 * Takes an upload, once: it expires as of its creation, since others may have begun, by their `now()`, before this
 * transaction did. What is left of it goes with the next `removeExpiredUploads`.
 */
export async function useUpload({ db }: Pick<Ctx, 'db'>, tenant: Tenant, id: string): Promise<void> {
  const used = await db
    .update(uploads)
    .set({ expiresAt: sql`${uploads.createdAt}` })
    .where(open(tenant, id))
    .returning({ id: uploads.id });
  if (used.length === 0) throw noUpload(id);
}

const open = (tenant: Tenant, id: string) =>
  and(eq(uploads.portfolioId, tenant.id), eq(uploads.id, id), gt(uploads.expiresAt, sql`now()`));

function noUpload(id: string) {
  const detail = `Portfolio has no upload "${id}": it was never asked for, was used before, or has expired.`;
  return new AppError('invalid_input', detail, { fields: [{ pointer: '/uploadId', detail }] });
}

function otherBytes({ sizeBytes, sha256 }: StoredFile, { found }: OtherBytes) {
  const was = found.sha256 ? `${found.sizeBytes} bytes with SHA-256 ${found.sha256}` : 'more bytes than that';
  const detail = `Announced were ${sizeBytes} bytes with SHA-256 ${sha256}; sent were ${was}.`;
  return new AppError('invalid_input', detail, { fields: [{ pointer: '/uploadId', detail }] });
}
