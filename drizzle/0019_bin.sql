CREATE TABLE "former_slugs" (
	"kind" text NOT NULL,
	"scope" text NOT NULL,
	"slug" text NOT NULL,
	"target_id" text NOT NULL,
	"portfolio_id" text NOT NULL,
	"since" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "former_slugs_kind_scope_slug_pk" PRIMARY KEY("kind","scope","slug")
);
--> statement-breakpoint
ALTER TABLE "artifact_versions" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "case_studies" ADD COLUMN "binned_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "case_studies" ADD COLUMN "binned_status" text;--> statement-breakpoint
ALTER TABLE "case_studies" ADD COLUMN "binned_slug" text;--> statement-breakpoint
ALTER TABLE "case_studies" ADD COLUMN "purge_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "evidence_versions" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "images" ADD COLUMN "uploaded_at" timestamp with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "portfolios" ADD COLUMN "bin_days" integer DEFAULT 30 NOT NULL;--> statement-breakpoint
ALTER TABLE "portfolios" ADD COLUMN "binned_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "portfolios" ADD COLUMN "purge_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "portfolios" ADD COLUMN "purged_by" text;--> statement-breakpoint
ALTER TABLE "removable_objects" ADD COLUMN "at_once" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "former_slugs" ADD CONSTRAINT "former_slugs_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "former_slugs_of_portfolio" ON "former_slugs" USING btree ("portfolio_id");--> statement-breakpoint
CREATE INDEX "case_studies_binned" ON "case_studies" USING btree ("portfolio_id","id") WHERE "case_studies"."binned_at" is not null;--> statement-breakpoint
CREATE INDEX "images_list" ON "images" USING btree ("portfolio_id","uploaded_at","sha256");--> statement-breakpoint
CREATE INDEX "portfolios_binned" ON "portfolios" USING btree ("id") WHERE "portfolios"."binned_at" is not null;--> statement-breakpoint
CREATE INDEX "removable_objects_at_once" ON "removable_objects" USING btree ("since") WHERE "removable_objects"."at_once";