CREATE TABLE "job_limits" (
	"portfolio_id" text,
	"kind" text,
	"most_running" integer NOT NULL,
	"reason" text NOT NULL,
	"limited_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "job_limits_scope" UNIQUE NULLS NOT DISTINCT("portfolio_id","kind"),
	CONSTRAINT "job_limits_of" CHECK (num_nonnulls("job_limits"."portfolio_id", "job_limits"."kind") > 0),
	CONSTRAINT "job_limits_most_running" CHECK ("job_limits"."most_running" > 0)
);
--> statement-breakpoint
ALTER TABLE "api_keys" DROP CONSTRAINT "api_keys_owner";--> statement-breakpoint
ALTER TABLE "job_workers" ADD COLUMN "dead_letters" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "job_limits" ADD CONSTRAINT "job_limits_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_owner" CHECK (num_nonnulls(coalesce("api_keys"."person_id", "api_keys"."subject"), "api_keys"."portfolio_id")
        = case when "api_keys"."scopes" && array['operator:read', 'operator:write'] then 0 else 1 end);