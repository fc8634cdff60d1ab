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
ALTER TABLE "webhooks" ADD COLUMN "failing_since" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "removable_objects_since" ON "removable_objects" USING btree ("since");--> statement-breakpoint
CREATE INDEX "artifact_versions_sha256" ON "artifact_versions" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "evidence_versions_sha256" ON "evidence_versions" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "jobs_finished" ON "jobs" USING btree ("finished_at") WHERE "jobs"."finished_at" is not null;--> statement-breakpoint
CREATE INDEX "outbox_job" ON "outbox" USING btree ("job_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_job" ON "webhook_deliveries" USING btree ("job_id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_age" ON "webhook_deliveries" USING btree ("created_at") WHERE "webhook_deliveries"."state" <> 'pending';--> statement-breakpoint
ALTER TABLE "webhooks" DROP COLUMN "failures";