import type { Outputs } from '@portfolio/api/client';
import { openAsBlob } from 'node:fs';
import type { LocalFile } from './local-file.ts';

/** Announces a file to the API and sends it where the API says. Resolves to the id of the upload. */
export async function sendFile(
  { path, ...about }: LocalFile,
  portfolio: string,
  announce: (file: Omit<LocalFile, 'path'> & { portfolio: string }) => Promise<Outputs['evidence']['upload']>,
): Promise<string> {
  const { id, url, fields } = await announce({ portfolio, ...about });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', await openAsBlob(path), about.fileName);
  const sent = await fetch(url, { method: 'POST', body: form });
  const answer = await sent.text();
  if (!sent.ok)
    throw new Error(`${about.fileName} could not be stored: ${sent.status} ${answer.slice(0, 500)}`);
  return id;
}
