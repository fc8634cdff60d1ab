import { z } from 'zod';
import { idOf } from '../ids.ts';
import { line, slugSchema, text } from '../text.ts';

const maxBinDays = 30;

/** A portfolio: the tenant and its public profile. `description` is Markdown. */
export const portfolioSchema = z
  .object({
    id: idOf('portfolio'),
    slug: slugSchema,
    name: z.string().max(200),
    tagline: z.string().max(200),
    description: z.string().max(10_000).describe('Markdown.'),
    binDays: z
      .int()
      .min(0)
      .max(maxBinDays)
      .describe('For how many days what is deleted stays in the bin; 0 for not at all.'),
    version: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Portfolio' });

export type Portfolio = z.infer<typeof portfolioSchema>;

/** A deleted portfolio. Until `purgeAt` its owners can undelete it. */
export const binnedPortfolioSchema = z
  .object({
    id: idOf('portfolio'),
    slug: slugSchema,
    name: z.string().max(200),
    binnedAt: z.iso.datetime(),
    purgeAt: z.iso.datetime().describe('When it is deleted for good, with its files.'),
  })
  .meta({ id: 'BinnedPortfolio' });

/** The input field by which a caller says that exactly this portfolio is meant. */
export const confirmedSlug = { confirm: slugSchema.describe('The slug of the portfolio once more.') };

/** The fields of a portfolio that its owners write. */
export const portfolioProfile = {
  name: line(200),
  tagline: text(200),
  description: text(10_000).describe('Markdown.'),
};

export const binDays = portfolioSchema.shape.binDays;

export const portfolioInput = z.strictObject({
  slug: slugSchema.describe('The name in URLs; unique on the platform.'),
  name: portfolioProfile.name,
  tagline: portfolioProfile.tagline.default(''),
  description: portfolioProfile.description.default(''),
});
