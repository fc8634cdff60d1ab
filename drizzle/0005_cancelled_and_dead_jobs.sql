ALTER TABLE "jobs" DROP CONSTRAINT "jobs_state";--> statement-breakpoint
DROP INDEX "jobs_list";--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "cancel_requested_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "jobs_list_of_requester" ON "jobs" USING btree ("portfolio_id","requested_by","id");--> statement-breakpoint
CREATE INDEX "jobs_list" ON "jobs" USING btree ("portfolio_id","kind","state","id");--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_cancel" CHECK ("jobs"."state" = 'running' or ("jobs"."state" = 'cancelled') = ("jobs"."cancel_requested_at" is not null));--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_finished" CHECK (("jobs"."state" in ('queued', 'running')) = ("jobs"."finished_at" is null));--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_state" CHECK ("jobs"."state" in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead'));