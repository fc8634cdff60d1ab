import { type SQL, sql } from 'drizzle-orm';
import type { Viewer } from '../visibility.ts';
import { evidence } from './evidence.sql.ts';

/**
 * The address of the source of a row of `evidence`, as `viewer` may see it. Outside readers get it without user name,
 * query and fragment, which can be a key to the source.
 */
export function sourceAddress({ isMember }: Viewer): SQL<string | null> {
  if (isMember) return sql<string | null>`${evidence.sourceUrl}`;
  return sql<
    string | null
  >`regexp_replace(${evidence.sourceUrl}, '^(https?://)[^/?#]*@|[?#].*$', '\\1', 'g')`;
}
