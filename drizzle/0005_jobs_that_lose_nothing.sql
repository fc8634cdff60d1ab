CREATE SEQUENCE "public"."job_turns" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
DROP INDEX "jobs_due";--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "turn" bigint DEFAULT nextval('job_turns') NOT NULL;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "priority" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_group_running" ON "jobs" USING btree ("group_key") WHERE "jobs"."state" = 'running';--> statement-breakpoint
CREATE INDEX "jobs_group_unfinished" ON "jobs" USING btree ("group_key","turn") WHERE "jobs"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "jobs_waiting" ON "jobs" USING btree ("portfolio_id","priority","turn") WHERE "jobs"."state" = 'queued' and "jobs"."rung_at" is null;--> statement-breakpoint
CREATE INDEX "jobs_in_flight" ON "jobs" USING btree ("portfolio_id","rung_at") WHERE "jobs"."state" in ('queued', 'running') and "jobs"."rung_at" is not null;--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_priority" CHECK ("jobs"."priority" between 0 and 2);