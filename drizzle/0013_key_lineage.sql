CREATE TABLE "token_ends" (
	"subject" text PRIMARY KEY NOT NULL,
	"not_before" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "former_members" (
	"portfolio_id" text NOT NULL,
	"subject" text NOT NULL,
	"tokens_not_before" timestamp with time zone NOT NULL,
	CONSTRAINT "former_members_portfolio_id_subject_pk" PRIMARY KEY("portfolio_id","subject")
);
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "last_used_address" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "made_by" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "made_with" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "parent_id" text;--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "token_issued_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "credential" text;--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "tokens_not_before" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "portfolios" ADD COLUMN "created_by" text;--> statement-breakpoint
ALTER TABLE "former_members" ADD CONSTRAINT "former_members_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_parent_id_api_keys_id_fk" FOREIGN KEY ("parent_id") REFERENCES "public"."api_keys"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "api_keys_made_with" ON "api_keys" USING btree ("made_with") WHERE "api_keys"."made_with" is not null;--> statement-breakpoint
CREATE INDEX "api_keys_of_parent" ON "api_keys" USING btree ("parent_id") WHERE "api_keys"."parent_id" is not null;--> statement-breakpoint
CREATE INDEX "portfolios_of_creator" ON "portfolios" USING btree ("created_by");