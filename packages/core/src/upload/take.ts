import { and, eq, gt, isNull, sql } from 'drizzle-orm';
import type { Ctx } from '../context.ts';
import { AppError } from '../errors.ts';
import { InfectedFile } from '../runtime/scanner.ts';
import type { Tenant } from '../tenancy.ts';
import { contentKey, stagingKey } from './keys.ts';
import type { StoredFile } from './schemas.ts';
import { MismatchedFile, settle } from './settle.ts';
import { uploads } from './upload.sql.ts';

/**
 * Verifies an uploaded file against its announced size and hash, scans it, and stores it permanently. This is slow: call it before
 * the transaction, in which `useUpload` then marks the upload as used.
 *
 * @throws AppError `invalid_input` if the upload is missing or its file does not match, `conflict` if no file was sent,
 * `quarantined` if it contains malware.
 */
export async function storeUpload(
  { db, bucket, scanner, signal }: Ctx,
  tenant: Tenant,
  id: string,
  noun: 'evidence' | 'artifacts',
): Promise<StoredFile> {
  const [found] = await db
    .select({
      fileName: uploads.fileName,
      contentType: uploads.contentType,
      sizeBytes: uploads.sizeBytes,
      sha256: uploads.sha256,
      threat: uploads.threat,
    })
    .from(uploads)
    .where(unexpired(tenant, id));
  if (!found) throw noUpload(id);
  const { threat, ...file } = found;
  if (threat !== null) throw new InfectedFile(threat);
  const from = stagingKey(tenant.id, id);
  const to = contentKey(noun, tenant.id, file.sha256);
  const contentType = await settle({ bucket, scanner }, { from, to, file }, signal).catch(
    async (error: unknown) => {
      if (error instanceof InfectedFile) await quarantine(db, tenant, id, error.threat);
      throw error instanceof MismatchedFile ? mismatchedFile(file, error) : error;
    },
  );
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
    .where(and(unexpired(tenant, id), isNull(uploads.threat)))
    .returning({ id: uploads.id });
  if (used.length === 0) throw noUpload(id);
}

const quarantine = (db: Ctx['db'], tenant: Tenant, id: string, threat: string) =>
  db.update(uploads).set({ threat }).where(unexpired(tenant, id));

const unexpired = (tenant: Tenant, id: string) =>
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
