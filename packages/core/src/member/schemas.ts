import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { slugSchema, text } from '../text.ts';

/** Who somebody is: the `sub` of a JWT, or the subject of an API key. URLs cannot hold "." and ".." as a part. */
const subjectSchema = text(255)
  .min(1, 'Expected some text.')
  .refine((subject) => subject !== '.' && subject !== '..', 'Expected a subject that is not made of dots.');

/** Somebody who works in a portfolio, and as what. */
export const memberSchema = z
  .object({
    portfolio: slugSchema,
    subject: z.string(),
    role: roleSchema,
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });

/** Which member: the slug of the portfolio and the subject. */
export const memberRef = { portfolio: slugSchema, subject: subjectSchema };
