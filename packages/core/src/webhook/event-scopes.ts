import type { Scope } from '../actor.ts';
import type { DeliveredEvent } from './schemas.ts';

/** The read scopes of what the messages of an event show. */
const shownBy: Record<DeliveredEvent, readonly Scope[]> = {
  'case-study.published': ['case-study:read'],
  'case-study.unpublished': ['case-study:read'],
  'claim.backed': ['case-study:read', 'evidence:read'],
  'claim.stale': ['case-study:read', 'evidence:read'],
  'claim.broken': ['case-study:read', 'evidence:read'],
  'evidence.changed': ['evidence:read'],
  'evidence.vanished': ['evidence:read'],
  'job.succeeded': ['job:read'],
  'job.failed': ['job:read'],
  'job.cancelled': ['job:read'],
  'webhook.disabled': ['webhook:read'],
  'audit.recorded': ['audit:read'],
  ping: [],
};

/** The read scopes that somebody must have who gets messages of these events, or decides where they are sent. */
export const scopesOfEvents = (events: readonly DeliveredEvent[]): Scope[] => [
  ...new Set(events.flatMap((event) => shownBy[event])),
];
