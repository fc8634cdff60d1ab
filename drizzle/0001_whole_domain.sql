CREATE SEQUENCE "public"."row_versions" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "artifact_versions" (
	"artifact_id" text NOT NULL,
	"name" text NOT NULL,
	"notes" text NOT NULL,
	"reference_url" text,
	"file_name" text,
	"content_type" text,
	"size_bytes" bigint,
	"sha256" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifact_versions_artifact_id_name_pk" PRIMARY KEY("artifact_id","name"),
	CONSTRAINT "artifact_versions_content" CHECK (("artifact_versions"."reference_url" is null) = ("artifact_versions"."sha256" is not null)
        and num_nonnulls("artifact_versions"."file_name", "artifact_versions"."content_type", "artifact_versions"."size_bytes", "artifact_versions"."sha256") in (0, 4))
);
--> statement-breakpoint
CREATE TABLE "artifacts" (
	"id" text PRIMARY KEY NOT NULL,
	"portfolio_id" text NOT NULL,
	"slug" text NOT NULL,
	"kind" text NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"licence" text,
	"repository_url" text,
	"version" bigint DEFAULT nextval('row_versions') NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "artifacts_slug" UNIQUE("portfolio_id","slug")
);
--> statement-breakpoint
CREATE TABLE "audit_log" (
	"id" text PRIMARY KEY NOT NULL,
	"portfolio_id" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"target" text,
	"fields" text[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "case_study_artifacts" (
	"case_study_id" text NOT NULL,
	"artifact_id" text NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "case_study_artifacts_case_study_id_artifact_id_pk" PRIMARY KEY("case_study_id","artifact_id")
);
--> statement-breakpoint
CREATE TABLE "case_study_images" (
	"case_study_id" text NOT NULL,
	"sha256" text NOT NULL,
	CONSTRAINT "case_study_images_case_study_id_sha256_pk" PRIMARY KEY("case_study_id","sha256")
);
--> statement-breakpoint
CREATE TABLE "case_study_revisions" (
	"case_study_id" text NOT NULL,
	"number" integer NOT NULL,
	"content" jsonb NOT NULL,
	"changed" text[] NOT NULL,
	"restored_from" integer,
	"author" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "case_study_revisions_case_study_id_number_pk" PRIMARY KEY("case_study_id","number")
);
--> statement-breakpoint
CREATE TABLE "claim_evidence" (
	"case_study_id" text NOT NULL,
	"claim_key" text NOT NULL,
	"evidence_id" text NOT NULL,
	"evidence_version" integer NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "claim_evidence_case_study_id_claim_key_evidence_id_pk" PRIMARY KEY("case_study_id","claim_key","evidence_id")
);
--> statement-breakpoint
CREATE TABLE "claims" (
	"case_study_id" text NOT NULL,
	"key" text NOT NULL,
	"position" integer NOT NULL,
	"statement" text NOT NULL,
	"metric_id" text,
	"metric_from" timestamp with time zone,
	"metric_to" timestamp with time zone,
	"changed_at" timestamp with time zone,
	CONSTRAINT "claims_case_study_id_key_pk" PRIMARY KEY("case_study_id","key"),
	CONSTRAINT "claims_metric_range" CHECK (num_nonnulls("claims"."metric_id", "claims"."metric_from", "claims"."metric_to") in (0, 3)
        and ("claims"."changed_at" is null or "claims"."metric_id" is not null))
);
--> statement-breakpoint
CREATE TABLE "evidence" (
	"id" text PRIMARY KEY NOT NULL,
	"portfolio_id" text NOT NULL,
	"slug" text NOT NULL,
	"title" text NOT NULL,
	"description" text NOT NULL,
	"source_url" text,
	"fresh_for_seconds" integer,
	"latest" integer DEFAULT 0 NOT NULL,
	"checked_at" timestamp with time zone,
	"problem" text,
	"version" bigint DEFAULT nextval('row_versions') NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "evidence_slug" UNIQUE("portfolio_id","slug"),
	CONSTRAINT "evidence_fresh_for" CHECK ("evidence"."fresh_for_seconds" > 0)
);
--> statement-breakpoint
CREATE TABLE "evidence_versions" (
	"evidence_id" text NOT NULL,
	"number" integer NOT NULL,
	"sha256" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"content_type" text NOT NULL,
	"file_name" text NOT NULL,
	"fetched_from" text,
	"fetched_at" timestamp with time zone DEFAULT now() NOT NULL,
	"verified_at" timestamp with time zone,
	CONSTRAINT "evidence_versions_evidence_id_number_pk" PRIMARY KEY("evidence_id","number")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"principal" text NOT NULL,
	"operation" text NOT NULL,
	"key" text NOT NULL,
	"request_hash" text NOT NULL,
	"response" json,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_principal_operation_key_pk" PRIMARY KEY("principal","operation","key")
);
--> statement-breakpoint
CREATE TABLE "metric_samples" (
	"metric_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"value" double precision NOT NULL,
	CONSTRAINT "metric_samples_metric_id_at_pk" PRIMARY KEY("metric_id","at")
);
--> statement-breakpoint
CREATE TABLE "metrics" (
	"id" text PRIMARY KEY NOT NULL,
	"portfolio_id" text NOT NULL,
	"key" text NOT NULL,
	"name" text NOT NULL,
	"unit" text NOT NULL,
	"better_when" text NOT NULL,
	"description" text NOT NULL,
	"version" bigint DEFAULT nextval('row_versions') NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "metrics_key" UNIQUE("portfolio_id","key"),
	CONSTRAINT "metrics_better_when" CHECK ("metrics"."better_when" in ('up', 'down'))
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"key" text NOT NULL,
	"window_start" timestamp with time zone NOT NULL,
	"count" integer NOT NULL,
	CONSTRAINT "rate_limits_key_window_start_pk" PRIMARY KEY("key","window_start")
);
--> statement-breakpoint
CREATE TABLE "uploads" (
	"id" text PRIMARY KEY NOT NULL,
	"portfolio_id" text NOT NULL,
	"file_name" text NOT NULL,
	"content_type" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhook_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"webhook_id" text NOT NULL,
	"job_id" text,
	"message_id" text NOT NULL,
	"event" text NOT NULL,
	"payload" jsonb NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"response_status" integer,
	"error" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"delivered_at" timestamp with time zone,
	CONSTRAINT "webhook_deliveries_state" CHECK ("webhook_deliveries"."state" in ('pending', 'delivered', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "webhook_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "webhook_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"portfolio_id" text NOT NULL,
	"type" text NOT NULL,
	"data" jsonb NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "webhooks" (
	"id" text PRIMARY KEY NOT NULL,
	"portfolio_id" text NOT NULL,
	"url" text NOT NULL,
	"description" text NOT NULL,
	"events" text[] NOT NULL,
	"secret" text NOT NULL,
	"previous_secret" text,
	"previous_secret_until" timestamp with time zone,
	"enabled" boolean DEFAULT true NOT NULL,
	"disabled_reason" text,
	"failures" integer DEFAULT 0 NOT NULL,
	"version" bigint DEFAULT nextval('row_versions') NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "case_studies" DROP CONSTRAINT "case_studies_status";--> statement-breakpoint
ALTER TABLE "jobs" DROP CONSTRAINT "jobs_state";--> statement-breakpoint
DROP INDEX "jobs_list";--> statement-breakpoint
ALTER TABLE "case_studies" ALTER COLUMN "version" SET DATA TYPE bigint;--> statement-breakpoint
ALTER TABLE "case_studies" ALTER COLUMN "version" SET DEFAULT nextval('row_versions');--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "prefix" text DEFAULT 'pk_' NOT NULL;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "last_used_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "case_studies" ADD COLUMN "revision" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "case_studies" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('english', title || ' ' || summary), 'B')
          || setweight(to_tsvector('simple', summary), 'C') || to_tsvector('simple', left(body, 60000)) || to_tsvector('english', left(body, 60000))) STORED NOT NULL;--> statement-breakpoint
ALTER TABLE "jobs" ADD COLUMN "cancel_requested_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "version" bigint DEFAULT nextval('row_versions') NOT NULL;--> statement-breakpoint
ALTER TABLE "portfolios" ADD COLUMN "version" bigint DEFAULT nextval('row_versions') NOT NULL;--> statement-breakpoint
ALTER TABLE "artifact_versions" ADD CONSTRAINT "artifact_versions_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "audit_log" ADD CONSTRAINT "audit_log_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_study_artifacts" ADD CONSTRAINT "case_study_artifacts_case_study_id_case_studies_id_fk" FOREIGN KEY ("case_study_id") REFERENCES "public"."case_studies"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_study_artifacts" ADD CONSTRAINT "case_study_artifacts_artifact_id_artifacts_id_fk" FOREIGN KEY ("artifact_id") REFERENCES "public"."artifacts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_study_images" ADD CONSTRAINT "case_study_images_case_study_id_case_studies_id_fk" FOREIGN KEY ("case_study_id") REFERENCES "public"."case_studies"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "case_study_revisions" ADD CONSTRAINT "case_study_revisions_case_study_id_case_studies_id_fk" FOREIGN KEY ("case_study_id") REFERENCES "public"."case_studies"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "claim_evidence" ADD CONSTRAINT "claim_evidence_evidence_id_evidence_id_fk" FOREIGN KEY ("evidence_id") REFERENCES "public"."evidence"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "claim_evidence" ADD CONSTRAINT "claim_evidence_claim" FOREIGN KEY ("case_study_id","claim_key") REFERENCES "public"."claims"("case_study_id","key") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "claims" ADD CONSTRAINT "claims_case_study_id_case_studies_id_fk" FOREIGN KEY ("case_study_id") REFERENCES "public"."case_studies"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "claims" ADD CONSTRAINT "claims_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evidence" ADD CONSTRAINT "evidence_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "evidence_versions" ADD CONSTRAINT "evidence_versions_evidence_id_evidence_id_fk" FOREIGN KEY ("evidence_id") REFERENCES "public"."evidence"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_samples" ADD CONSTRAINT "metric_samples_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metrics" ADD CONSTRAINT "metrics_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_webhook_id_webhooks_id_fk" FOREIGN KEY ("webhook_id") REFERENCES "public"."webhooks"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_events" ADD CONSTRAINT "webhook_events_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_log_list" ON "audit_log" USING btree ("portfolio_id","at","id");--> statement-breakpoint
CREATE INDEX "case_study_artifacts_artifact" ON "case_study_artifacts" USING btree ("artifact_id");--> statement-breakpoint
CREATE INDEX "case_study_images_sha256" ON "case_study_images" USING btree ("sha256");--> statement-breakpoint
CREATE INDEX "claim_evidence_evidence" ON "claim_evidence" USING btree ("evidence_id");--> statement-breakpoint
CREATE INDEX "claims_metric" ON "claims" USING btree ("metric_id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_age" ON "idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_list" ON "webhook_deliveries" USING btree ("webhook_id","id");--> statement-breakpoint
CREATE INDEX "webhook_deliveries_pending" ON "webhook_deliveries" USING btree ("job_id") WHERE "webhook_deliveries"."state" = 'pending';--> statement-breakpoint
CREATE INDEX "webhooks_list" ON "webhooks" USING btree ("portfolio_id","id");--> statement-breakpoint
CREATE INDEX "api_keys_of_portfolio" ON "api_keys" USING btree ("portfolio_id","id");--> statement-breakpoint
CREATE INDEX "api_keys_of_subject" ON "api_keys" USING btree ("subject","id");--> statement-breakpoint
CREATE INDEX "case_studies_search" ON "case_studies" USING gin ("search");--> statement-breakpoint
CREATE INDEX "case_studies_tags" ON "case_studies" USING gin ("tags");--> statement-breakpoint
CREATE INDEX "jobs_list_of_requester" ON "jobs" USING btree ("portfolio_id","requested_by","id");--> statement-breakpoint
CREATE INDEX "jobs_group" ON "jobs" USING btree ("group_key","id");--> statement-breakpoint
CREATE INDEX "jobs_list" ON "jobs" USING btree ("portfolio_id","kind","state","id");--> statement-breakpoint
ALTER TABLE "case_studies" ADD CONSTRAINT "case_studies_status" CHECK ("case_studies"."status" in ('draft', 'published', 'archived'));--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_cancel" CHECK ("jobs"."state" = 'running' or ("jobs"."state" = 'cancelled') = ("jobs"."cancel_requested_at" is not null));--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_finished" CHECK (("jobs"."state" in ('queued', 'running')) = ("jobs"."finished_at" is null));--> statement-breakpoint
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_state" CHECK ("jobs"."state" in ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'dead'));