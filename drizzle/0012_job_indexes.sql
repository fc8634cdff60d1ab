-- Indexes that progress, heartbeats and the old dispatch needed go, so that these updates become HOT.
DROP INDEX CONCURRENTLY IF EXISTS "jobs_changes";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_waiting";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_in_flight";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_leased";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_finished_of_kind";--> statement-breakpoint
CREATE INDEX CONCURRENTLY "jobs_finished_of_kind" ON "jobs" USING btree ("kind","state","finished_at") WHERE "jobs"."finished_at" is not null;--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_finished";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "job_events_xid";--> statement-breakpoint
CREATE INDEX CONCURRENTLY "job_events_xid" ON "job_events" USING btree ("xid");
