-- What progress, heartbeats and the old dispatch needed is gone: their updates become HOT.
DROP INDEX CONCURRENTLY IF EXISTS "jobs_changes";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_waiting";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_in_flight";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "jobs_leased";--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "job_events_xid";--> statement-breakpoint
CREATE INDEX CONCURRENTLY "job_events_xid" ON "job_events" USING btree ("xid");
