import { z } from 'zod';
import { idOf } from '../ids.ts';

/** A session of a person who has signed in with a browser, without its secret. */
export const sessionSchema = z
  .object({
    id: idOf('session'),
    isCurrent: z.boolean().describe('True for the session of this call.'),
    address: z.string().nullable().describe('The address that used it last.'),
    userAgent: z.string().nullable().describe('What the browser calls itself.'),
    signedInAt: z.iso.datetime().describe('When you last proved to the issuer who you are.'),
    createdAt: z.iso.datetime(),
    lastSeenAt: z.iso.datetime().describe('Accurate to about a minute.'),
    expiresAt: z.iso.datetime().describe('It ends earlier after a day without a request.'),
  })
  .meta({ id: 'Session' });
