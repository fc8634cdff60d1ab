import { z } from 'zod';

/** An absolute https URL without credentials, stored as it was sent. */
export const httpsUrl = z
  .string()
  .max(2000)
  .refine(isHttpsUrl, 'Expected a URL that begins with https:// and contains no credentials.')
  .meta({ format: 'uri' });

function isHttpsUrl(value: string): boolean {
  const url = URL.parse(value);
  const isClean = value.isWellFormed() && !/[\s\p{Cc}]/u.test(value);
  return isClean && url?.protocol === 'https:' && !url.username && !url.password;
}
