import { z } from 'zod';
import { idOf } from '../ids.ts';
import { keysetPageInput } from '../page.ts';
import { line, slugSchema, text } from '../text.ts';
import { caseStudyStatusSchema } from './schemas.ts';

const sortSchema = z
  .enum(['-createdAt', 'createdAt', '-publishedAt', 'title', 'relevance'])
  .describe('The order: `-` for the newest first; `relevance` needs `q`. What is not published comes last.');
export type Sort = z.infer<typeof sortSchema>;

export const caseStudyListInput = z
  .strictObject({
    portfolio: slugSchema,
    tag: z
      .array(slugSchema)
      .max(20)
      .default([])
      .describe('Those with this tag; with all of them, if repeated.'),
    status: caseStudyStatusSchema
      .optional()
      .describe(
        'Those in this status; left out, all but the archived. Who is no member gets the published ones, whatever is asked for.',
      ),
    q: line(200)
      .optional()
      .describe('Those with these words; `"a phrase"`, `or` and `-without` work as in search engines.'),
    sort: sortSchema.default('-createdAt'),
    ...keysetPageInput,
  })
  .refine(({ sort, q }) => sort !== 'relevance' || q !== undefined, {
    path: ['sort'],
    message: 'Expected `q`, too: without it nothing is relevant.',
  });

const id = idOf('caseStudy');

/** Where a page ended, by the order of its list: the sort key of its last item, if that is not its id, and its id. */
export const placeSchemas = {
  '-createdAt': z.strictObject({ sort: z.literal('-createdAt'), id }),
  createdAt: z.strictObject({ sort: z.literal('createdAt'), id }),
  '-publishedAt': z.strictObject({ sort: z.literal('-publishedAt'), key: z.number(), id }),
  title: z.strictObject({ sort: z.literal('title'), key: text(1_000), id }),
  relevance: z.strictObject({ sort: z.literal('relevance'), key: z.number(), id }),
} satisfies Record<Sort, z.ZodType>;

export type Place = z.infer<(typeof placeSchemas)[Sort]>;
