import { z } from 'zod';
import { idOf } from '../ids.ts';
import { keysetPageInput } from '../page.ts';
import { line, slugSchema, text } from '../text.ts';
import { caseStudyStatusSchema } from './schemas.ts';

const sortSchema = z
  .enum(['-createdAt', 'createdAt', '-publishedAt', 'title', 'relevance'])
  .describe(
    'The order. `-` means newest first; `relevance` requires `q`. By `-publishedAt`, unpublished studies come last.',
  );
export type Sort = z.infer<typeof sortSchema>;

export const caseStudyListInput = z
  .strictObject({
    portfolio: slugSchema,
    tag: z
      .array(slugSchema)
      .max(20)
      .default([])
      .describe('Only case studies with this tag. Repeat it to require several tags.'),
    status: caseStudyStatusSchema
      .optional()
      .describe(
        'Only case studies with this status; by default all but archived ones. Non-members get published ones only.',
      ),
    q: line(200)
      .optional()
      .describe(
        'Only case studies with these words. `"a phrase"`, `or` and `-without` work as in web search engines.',
      ),
    sort: sortSchema.default('-createdAt'),
    ...keysetPageInput,
  })
  .refine(({ sort, q }) => sort !== 'relevance' || q !== undefined, {
    path: ['sort'],
    message: 'Expected `q` as well: `relevance` requires a search.',
  });

const id = idOf('caseStudy');

/** The position where a page ended, for each order: the id of its last item and the sort key, unless that is the id. */
export const positionSchemas = {
  '-createdAt': z.strictObject({ sort: z.literal('-createdAt'), id }),
  createdAt: z.strictObject({ sort: z.literal('createdAt'), id }),
  '-publishedAt': z.strictObject({ sort: z.literal('-publishedAt'), key: z.number(), id }),
  title: z.strictObject({ sort: z.literal('title'), key: text(1_000), id }),
  relevance: z.strictObject({ sort: z.literal('relevance'), key: z.number(), id }),
} satisfies Record<Sort, z.ZodType>;

export type Position = z.infer<(typeof positionSchemas)[Sort]>;
