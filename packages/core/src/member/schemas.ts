import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { slugSchema, text } from '../text.ts';

/** The identity of a user: the `sub` of a JWT or the subject of an API key. "." and ".." cannot be in a URL path. */
const subjectSchema = text(255)
  .min(1, 'Expected some text.')
  .refine((subject) => subject !== '.' && subject !== '..', 'Expected a subject other than "." and "..".');

/** A member of a portfolio with its role. */
export const memberSchema = z
  .object({
    portfolio: slugSchema,
    subject: z.string(),
    role: roleSchema,
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });

/** Input fields that identify a member: the slug of the portfolio and the subject. */
export const memberRef = { portfolio: slugSchema, subject: subjectSchema };
