import { and, eq, gt, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import type { Tenant } from '../tenancy.ts';
import { contentKey, stagingKey } from './keys.ts';
import type { StoredFile } from './schemas.ts';
import { MismatchedFile, settle } from './settle.ts';
import { uploads } from './upload.sql.ts';

/**
 * Verifies an uploaded file against its announced size and hash, and stores it permanently. This is slow: call it before
 * the transaction, in which `useUpload` then marks the upload as used.
 *
 * @throws AppError `invalid_input` if the upload is missing or its file does not match, `conflict` if no file was sent.
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
    throw error instanceof MismatchedFile ? mismatchedFile(file, error) : error;
  });
  if (contentType === null) {
    throw new AppError(
      'conflict',
      `The file of upload "${id}" has not been sent yet. Submit its form first.`,
    );
  }
  return { ...file, contentType };
}

/**
 * Marks an upload as used, which works once. It expires as of its creation time, since the `now()` of a concurrent
 * transaction may be earlier than that of this one. The next `removeExpiredUploads` deletes it.
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
  const detail = `The portfolio has no upload "${id}": it was never requested, was already used, or has expired.`;
  return new AppError('invalid_input', detail, { fields: [{ pointer: '/uploadId', detail }] });
}

function mismatchedFile({ sizeBytes, sha256 }: StoredFile, { found }: MismatchedFile) {
  const actual = found.sha256 ? `${found.sizeBytes} bytes with SHA-256 ${found.sha256}` : 'more bytes';
  const detail = `The uploaded file has ${actual}. Expected ${sizeBytes} bytes with SHA-256 ${sha256}, as announced.`;
  return new AppError('invalid_input', detail, { fields: [{ pointer: '/uploadId', detail }] });
}
