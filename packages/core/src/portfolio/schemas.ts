import { z } from 'zod';
import { idOf } from '../ids.ts';
import { line, slugSchema, text } from '../text.ts';

/** A portfolio: the tenant and its public profile. `description` is Markdown. */
export const portfolioSchema = z
  .object({
    id: idOf('portfolio'),
    slug: slugSchema,
    name: z.string().max(200),
    tagline: z.string().max(200),
    description: z.string().max(10_000).describe('Markdown.'),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Portfolio' });

export type Portfolio = z.infer<typeof portfolioSchema>;

/** The fields of a portfolio that its owners write. */
export const portfolioProfile = {
  name: line(200),
  tagline: text(200),
  description: text(10_000).describe('Markdown.'),
};

export const portfolioInput = z.strictObject({
  slug: slugSchema.describe('The name in URLs; unique on the platform.'),
  name: portfolioProfile.name,
  tagline: portfolioProfile.tagline.default(''),
  description: portfolioProfile.description.default(''),
});
