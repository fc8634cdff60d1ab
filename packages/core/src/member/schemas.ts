import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { slugSchema, text } from '../text.ts';

/** The id of a person: `usr_…`. "." and ".." cannot be in a URL path. */
const personId = text(255)
  .min(1, 'Expected some text.')
  .refine((id) => id !== '.' && id !== '..', 'Expected an id other than "." and "..".');

/** A member of a portfolio with its role. */
export const memberSchema = z
  .object({
    portfolio: slugSchema,
    id: z.string().describe('The id of the person, by which everything else names them.'),
    subject: z.string().nullable().describe('The `sub` of their tokens.'),
    issuer: z
      .string()
      .nullable()
      .describe('The issuer of the subject; null where the platform does not know it yet.'),
    name: z.string().nullable(),
    role: roleSchema,
    signedInAt: z.iso
      .datetime()
      .nullable()
      .describe('When they first signed in; null for one who never has.'),
    version: z.int(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Member' });

/** Input fields that identify a member: the slug of the portfolio and the id of the person. */
export const memberRef = { portfolio: slugSchema, member: personId };
