import { type SQL, and, asc, desc, eq, isNull, ne, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { newest } from '../ids.ts';
import { portfolios } from '../portfolio/portfolio.sql.ts';
import { prepared } from '../sql.ts';
import { isPublished } from '../visibility.ts';
import { caseStudies } from './case-study.sql.ts';
import { caseStudyItemFields } from './internal.ts';
import type { Sort } from './list-schemas.ts';

/** The id to compare with on the first page. */
export const starts: Record<Sort, string> = {
  '-createdAt': newest('caseStudy'),
  createdAt: '',
  '-publishedAt': '',
  title: '',
  relevance: '',
};

/** The most frequent lists have their own statements and indexes. */
export const listUnarchived = prepared((db) =>
  listNewest(db, ne(caseStudies.status, 'archived')).prepare('case_study_list'),
);
export const listPublished = prepared((db) =>
  listNewest(db, isPublished).prepare('case_study_list_published'),
);

function listNewest(db: Db, only: SQL) {
  return db
    .select(caseStudyItemFields)
    .from(caseStudies)
    .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
    .where(and(inPortfolio, only, after('-createdAt')))
    .orderBy(desc(caseStudies.id))
    .limit(sql.placeholder('limit'));
}

const inPortfolio = and(
  eq(caseStudies.portfolioId, sql.placeholder('portfolioId')),
  isNull(caseStudies.binnedAt),
);

/** In both text search configurations, as the column `search`: exact words, and English stems. */
const query = sql`(websearch_to_tsquery('simple', ${sql.placeholder('q')})
  || websearch_to_tsquery('english', ${sql.placeholder('q')}))`;

/**
 * The sort keys. Ties are sorted by id, which grows with the creation time. Numbers are doubles, which JSON represents
 * exactly: microseconds since 1970, and 0 for unpublished studies.
 */
const keys: Partial<Record<Sort, { value: SQL; type: SQL }>> = {
  '-publishedAt': {
    value: sql`coalesce(extract(epoch from ${caseStudies.publishedAt}) * 1000000, 0)::float8`,
    type: sql`float8`,
  },
  // In Unicode order (UTS 10), because the default collation differs between databases.
  title: { value: sql`lower(${caseStudies.title} collate "unicode")`, type: sql`text` },
  relevance: { value: sql`ts_rank(${caseStudies.search}, ${query})::float8`, type: sql`float8` },
};

const isAscending = (sort: Sort) => sort === 'createdAt' || sort === 'title';

/** True for rows after the position where the last page ended. */
function after(sort: Sort): SQL {
  const comparison = isAscending(sort) ? sql`>` : sql`<`;
  const id = sql.placeholder('id');
  const key = keys[sort];
  if (!key) return sql`${caseStudies.id} ${comparison} ${id}`;
  const from = sql`${sql.placeholder('key')}::${key.type}`;
  return sql`(${from} is null or (${key.value}, ${caseStudies.id}) ${comparison} (${from}, ${id}))`;
}

const filtered = (sort: Sort, searches: boolean) =>
  prepared((db) => {
    const key = keys[sort]?.value;
    const order = isAscending(sort) ? asc : desc;
    return db
      .select({ ...caseStudyItemFields, key: sql<string | number | null>`${key ?? sql`null`}` })
      .from(caseStudies)
      .innerJoin(portfolios, eq(portfolios.id, caseStudies.portfolioId))
      .where(
        and(
          inPortfolio,
          sql`${caseStudies.status} = any(${sql.placeholder('statuses')}::text[])`,
          sql`${caseStudies.tags} @> ${sql.placeholder('tags')}::text[]`,
          searches ? sql`${caseStudies.search} @@ ${query}` : undefined,
          after(sort),
        ),
      )
      .orderBy(...(key ? [order(key)] : []), order(caseStudies.id))
      .limit(sql.placeholder('limit'))
      .prepare(`case_study_list ${sort}${searches ? ' q' : ''}`);
  });

const statements = new Map<string, ReturnType<typeof filtered>>();

/** The statement of a list in the given order, with or without a search. */
export function listSorted(db: Db, sort: Sort, searches: boolean) {
  const name = `${sort} ${searches}`;
  let statement = statements.get(name);
  if (!statement) {
    statement = filtered(sort, searches);
    statements.set(name, statement);
  }
  return statement(db);
}
