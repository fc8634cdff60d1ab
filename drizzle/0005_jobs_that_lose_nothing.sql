CREATE SEQUENCE "public"."job_turns" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "evidence_downloads" (
	"job_id" text PRIMARY KEY NOT NULL,
	"source_url" text NOT NULL,
	"fetched_from" text NOT NULL,
	"etag" text,
	"last_modified" text,
	"content_type" text NOT NULL,
	"content_encoding" text,
	"size_bytes" bigint,
	"parts" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"keys" text[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "metric_days" (
	"metric_id" text NOT NULL,
	"day" timestamp with time zone NOT NULL,
	"count" bigint NOT NULL,
	"sum" double precision NOT NULL,
	"min" double precision NOT NULL,
	"max" double precision NOT NULL,
	"p50" double precision NOT NULL,
	"p95" double precision NOT NULL,
	CONSTRAINT "metric_days_metric_id_day_pk" PRIMARY KEY("metric_id","day")
);
--> statement-breakpoint
CREATE TABLE "metric_dirty_days" (
	"metric_id" text NOT NULL,
	"day" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "removable_objects" (
	"key" text PRIMARY KEY NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "schedules" (
	"name" text PRIMARY KEY NOT NULL,
	"next_run_at" timestamp with time zone NOT NULL,
	"retry_at" timestamp with time zone,
	"lease_token" uuid,
	"lease_until" timestamp with time zone,
	"failures" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	"last_started_at" timestamp with time zone,
	"last_succeeded_at" timestamp with time zone,
	CONSTRAINT "schedules_lease" CHECK (("schedules"."lease_token" is null) = ("schedules"."lease_until" is null))
);
--> statement-breakpoint
DROP INDEX "jobs_due";--> statement-breakpoint
ALTER TABLE "claims" ADD COLUMN "told_standing" text;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "validators" jsonb;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "missing_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "next_sync_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "sync_tries" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "stale_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "evidence_versions" ADD COLUMN "job_id" text;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "turn" bigint DEFAULT nextval('job_turns') NOT NULL;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "priority" smallint DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "webhooks" ADD COLUMN "failing_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "metric_days" ADD CONSTRAINT "metric_days_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_dirty_days" ADD CONSTRAINT "metric_dirty_days_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "metric_dirty_days_metric" ON "metric_dirty_days" USING btree ("metric_id","day");--> statement-breakpoint
CREATE INDEX "removable_objects_since" ON "removable_objects" USING btree ("since");--> statement-breakpoint
CREATE INDEX "artifact_versions_sha256" ON "artifact_versions" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "evidence_next_sync" ON "evidence" USING btree ("next_sync_at");--> statement-breakpoint
CREATE INDEX "evidence_stale" ON "evidence" USING btree ("stale_at");--> statement-breakpoint
CREATE INDEX "evidence_versions_sha256" ON "evidence_versions" USING btree ("sha256");--> statement-breakpoint
CREATE UNIQUE INDEX "jobs_group_running" ON "jobs" USING btree ("group_key") WHERE "jobs"."state" = 'running';--> statement-breakpoint
CREATE INDEX "jobs_group_unfinished" ON "jobs" USING btree ("group_key","turn") WHERE "jobs"."state" in ('queued', 'running');--> statement-breakpoint
CREATE INDEX "jobs_waiting" ON "jobs" USING btree ("portfolio_id","priority","turn","run_at") WHERE "jobs"."state" = 'queued' and "jobs"."rung_at" is null;--> statement-breakpoint
CREATE INDEX "jobs_in_flight" ON "jobs" USING btree ("portfolio_id","rung_at") WHERE "jobs"."state" in ('queued', 'running') and "jobs"."rung_at" is not null;--> statement-breakpoint
CREATE INDEX "jobs_finished" ON "jobs" USING btree ("finished_at") WHERE "jobs"."finished_at" is not null;--> statement-breakpoint
CREATE INDEX "outbox_job" ON "outbox" USING btree ("job_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_job" ON "webhook_deliveries" USING btree ("job_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_age" ON "webhook_deliveries" USING btree ("created_at") WHERE "webhook_deliveries"."state" <> 'pending';--> statement-breakpoint
ALTER TABLE "webhooks" DROP COLUMN "failures";--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_priority" CHECK ("jobs"."priority" between 0 and 2);