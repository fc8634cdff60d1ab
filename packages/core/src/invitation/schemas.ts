import { z } from 'zod';
import { roleSchema } from '../actor.ts';
import { idOf } from '../ids.ts';
import { boundedString, slugSchema } from '../text.ts';

/** An invitation to become a member of a portfolio, without the secret of its link. */
export const invitationSchema = z
  .object({
    id: idOf('invitation'),
    portfolio: slugSchema,
    role: roleSchema,
    label: z.string().nullable().describe('Whom it is for, in the words of its maker.'),
    state: z
      .enum(['open', 'accepted', 'expired', 'revoked'])
      .describe('`revoked` also where it ended with the ownership or the credential of its maker.'),
    madeBy: z.string().nullable().describe('The id of the person who made it.'),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    acceptedBy: z.string().nullable().describe('The id of the person who became a member by it.'),
    acceptedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'Invitation' });

/** A new invitation with its link, which is shown only once. */
export const newInvitationSchema = invitationSchema
  .extend({
    link: z
      .string()
      .describe('The path of its page; the part after `#` is the secret. Shown only once: send it yourself.'),
  })
  .meta({ id: 'NewInvitation' });

/** What the holder of the link of an invitation is told. */
export const invitationOfferSchema = z
  .object({
    id: idOf('invitation'),
    portfolio: slugSchema,
    portfolioName: z.string(),
    role: roleSchema,
    invitedBy: z.string().nullable().describe('The name of the person who made it.'),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'InvitationOffer' });

/** Input fields of whoever holds the link of an invitation. */
export const invitationSecret = {
  secret: boundedString(100)
    .regex(/^pinv_[\w-]{43}$/, 'Expected what is after `#` in the link of an invitation.')
    .describe('What is after `#` in the link.'),
};
