-- The standard terms of the field: a job is enqueued, and webhooks are notified of a standing.
ALTER TABLE "jobs" RENAME COLUMN "rung_at" TO "enqueued_at";--> statement-breakpoint
ALTER TABLE "claims" RENAME COLUMN "told_standing" TO "notified_standing";--> statement-breakpoint
UPDATE "webhooks" SET "disabled_reason" = 'manual' WHERE "disabled_reason" = 'by-hand';
