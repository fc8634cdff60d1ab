import { z } from 'zod';
import { securityEventSchema } from '../audit/schemas.ts';
import { idOf } from '../ids.ts';
import { jobKindSchema } from '../job/kinds.ts';
import { jobPrioritySchema } from '../job/priority.ts';
import { jobStateSchema } from '../job/schemas.ts';
import { slugSchema, text } from '../text.ts';

const portfolioFields = { portfolioId: idOf('portfolio'), portfolio: slugSchema };

/** Everything about a job except what it is about: neither its title and payload, nor its result, messages and requester. */
export const operatorJobSchema = z
  .object({
    id: idOf('job'),
    ...portfolioFields,
    kind: jobKindSchema,
    state: jobStateSchema,
    priority: jobPrioritySchema,
    attempt: z.int(),
    maxAttempts: z.int(),
    errorCode: z.string().nullable().describe('The code of the error of the last failed attempt.'),
    worker: z
      .string()
      .nullable()
      .describe('The process that has it, or had it last: host, process id, version.'),
    runAt: z.iso.datetime().describe('From when on a queued job may run.'),
    leaseUntil: z.iso
      .datetime()
      .nullable()
      .describe('Until when a running job is its worker’s, which renews it after every third of it.'),
    cancelRequestedAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'OperatorJob' });

/** Input fields that say which jobs a pause or a limit concerns. */
export const scopeInput = {
  portfolio: slugSchema.optional().describe('Only jobs of this portfolio; without it, of all.'),
  kind: jobKindSchema.optional().describe('Only jobs of this kind; without it, of all.'),
};

export const reasonSchema = text(500).min(1).describe('Why, for other operators.');

const scopeFields = {
  portfolioId: idOf('portfolio').nullable().describe('Null for all portfolios.'),
  portfolio: slugSchema.nullable().describe('Null for all portfolios.'),
  kind: jobKindSchema.nullable().describe('Null for all kinds.'),
  reason: z.string(),
};

const pauseSchema = z.object({ ...scopeFields, pausedAt: z.iso.datetime() }).meta({ id: 'JobPause' });

const limitSchema = z
  .object({ ...scopeFields, mostRunning: z.int(), limitedAt: z.iso.datetime() })
  .meta({ id: 'JobLimit' });

/** More than anybody sets by hand; a list shows no more. */
export const mostScopes = 1000;
export const pausesSchema = z.object({ items: z.array(pauseSchema).max(mostScopes) });
export const limitsSchema = z.object({ items: z.array(limitSchema).max(mostScopes) });

/** What a redrive has changed. */
export const redrivenSchema = z
  .object({
    changed: z.int().describe('The number of jobs that are queued again.'),
    hasMore: z.boolean().describe('True if more jobs match: call again.'),
    portfolios: z
      .array(z.object({ ...portfolioFields, changed: z.int() }))
      .max(1000)
      .describe('The same by portfolio.'),
  })
  .meta({ id: 'JobsRedriven' });

const slots = z
  .array(z.object({ kind: jobKindSchema, slots: z.int() }))
  .max(100)
  .describe('How many jobs of each kind it runs at a time.');

/** The state of the pipeline. */
export const healthSchema = z
  .object({
    kinds: z
      .array(
        z.object({
          kind: jobKindSchema,
          due: z.int().describe('How many a worker with a free slot may start now.'),
          waiting: z.int().describe('How many wait for their time, their turn, or until a pause is over.'),
          running: z.int(),
          oldestSeconds: z.number().describe('For how long the oldest of those that are due could have run.'),
        }),
      )
      .max(100)
      .describe('The unfinished jobs.'),
    workersNeeded: z.int().describe('How many worker processes what is due and running could keep busy.'),
    workers: z
      .array(
        z.object({
          id: z.string().describe('Host, process id and version.'),
          slots,
          startedAt: z.iso.datetime(),
          seenAt: z.iso.datetime(),
        }),
      )
      .max(1000)
      .describe('The worker processes that were seen within a minute.'),
    expiredLeases: z
      .int()
      .describe('How many running jobs have lost their worker and were not taken back yet.'),
    ended: z
      .array(
        z.object({
          kind: jobKindSchema,
          state: z.enum(['failed', 'dead']),
          errorCode: z.string().nullable(),
          jobs: z.int(),
        }),
      )
      .max(100)
      .describe('The jobs that failed or were marked dead within 24 hours, the most frequent first.'),
    deadLetters: z
      .int()
      .describe(
        'How many messages these workers have removed that had ended every worker that received them.',
      ),
    outbox: z
      .object({ messages: z.int(), oldestSeconds: z.number() })
      .describe('Messages of release 0.1.0 that are not in its queue yet.'),
    webhookEvents: z.int().describe('How many events wait to become deliveries; 1,000 stands for more.'),
    pauses: z.array(pauseSchema).max(mostScopes),
    limits: z.array(limitSchema).max(mostScopes),
  })
  .meta({ id: 'OperatorHealth' });

/** A security event of any portfolio, or of none. It names nobody but by an id. */
export const operatorSecurityEventSchema = securityEventSchema
  .omit({ actorName: true })
  .extend({ portfolio: slugSchema.nullable().describe('Null where it concerns none that is known.') })
  .meta({ id: 'OperatorSecurityEvent' });
