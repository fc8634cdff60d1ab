import type { Outputs } from '@portfolio/api/client';
import { openAsBlob } from 'node:fs';
import type { LocalFile } from './local-file.ts';

/** Requests an upload from the API and sends the file to its URL. Resolves to the id of the upload. */
export async function sendFile(
  { path, ...about }: LocalFile,
  portfolio: string,
  requestUpload: (
    file: Omit<LocalFile, 'path'> & { portfolio: string },
  ) => Promise<Outputs['evidence']['upload']>,
): Promise<string> {
  const { id, url, fields } = await requestUpload({ portfolio, ...about });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', await openAsBlob(path), about.fileName);
  const sent = await fetch(url, { method: 'POST', body: form });
  const answer = await sent.text();
  if (!sent.ok)
    throw new Error(
      `The upload of ${about.fileName} failed with status ${sent.status}: ${answer.slice(0, 500)}`,
    );
  return id;
}
