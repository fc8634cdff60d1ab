import { operations } from '@portfolio/core';
import type { Ctx, UploadForm } from '@portfolio/core/context';
import { createHash } from 'node:crypto';

type Bytes = Uint8Array<ArrayBuffer>;

export const bytesOf = (text: string): Bytes => new Uint8Array(Buffer.from(text));

export const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The description of a file that a client sends before the file. */
export function describeFile(bytes: Uint8Array, fileName = 'file.txt', contentType = 'text/plain') {
  return { fileName, contentType, sizeBytes: bytes.length, sha256: sha256Of(bytes) };
}

/** Sends a file as browsers do: all fields, then the bytes. */
export function sendForm({ url, fields }: UploadForm, bytes: Bytes): Promise<Response> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([bytes]), 'file');
  return fetch(url, { method: 'POST', body: form });
}

/** Requests an upload, for evidence or an artifact, and sends the file; resolves to the id of the upload. */
export async function upload(
  ctx: Ctx,
  portfolio: string,
  bytes: Bytes,
  fileName?: string,
  contentType?: string,
): Promise<string> {
  const input = { portfolio, ...describeFile(bytes, fileName, contentType) };
  const asked = await operations.evidence.upload.run(ctx, input);
  const sent = await sendForm(asked, bytes);
  if (!sent.ok) throw new Error(`The bucket answered ${sent.status}.`);
  return asked.id;
}
