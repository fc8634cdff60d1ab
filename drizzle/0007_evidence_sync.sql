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
ALTER TABLE "claims" ADD COLUMN "told_standing" text;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "validators" jsonb;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "missing_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "next_sync_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "sync_tries" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "evidence" ADD COLUMN "stale_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "evidence_versions" ADD COLUMN "job_id" text;--> statement-breakpoint
CREATE INDEX "evidence_next_sync" ON "evidence" USING btree ("next_sync_at");--> statement-breakpoint
CREATE INDEX "evidence_stale" ON "evidence" USING btree ("stale_at");