import { text } from './text.ts';

/** An absolute https URL without credentials, kept as it is written. */
export const httpsUrl = text(2000)
  .refine((value) => {
    const url = URL.parse(value);
    return url?.protocol === 'https:' && !url.username && !url.password && !/[\s\p{Cc}]/u.test(value);
  }, 'Expected a URL that begins with https:// and holds no credentials.')
  .meta({ format: 'uri' });
