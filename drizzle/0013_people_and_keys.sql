CREATE TABLE "token_ends" (
	"person_id" text PRIMARY KEY NOT NULL,
	"not_before" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "people" (
	"id" text PRIMARY KEY NOT NULL,
	"issuer" text,
	"subject" text,
	"name" text,
	"group_roles" jsonb,
	"groups_at" timestamp with time zone,
	"signed_in_at" timestamp with time zone,
	"erased_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "former_members" (
	"portfolio_id" text NOT NULL,
	"person_id" text NOT NULL,
	"tokens_not_before" timestamp with time zone NOT NULL,
	CONSTRAINT "former_members_portfolio_id_person_id_pk" PRIMARY KEY("portfolio_id","person_id")
);
--> statement-breakpoint
ALTER TABLE "api_keys" DROP CONSTRAINT "api_keys_owner";
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "person_id" text;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "last_used_address" text;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "made_by" text;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "made_with" text;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "parent_id" text;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD COLUMN "token_issued_at" timestamp with time zone;
--> statement-breakpoint
ALTER TABLE "audit_log" ADD COLUMN "credential" text;
--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "person_id" text;
--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "from_group" boolean DEFAULT false NOT NULL;
--> statement-breakpoint
ALTER TABLE "members" ADD COLUMN "tokens_not_before" timestamp with time zone;
--> statement-breakpoint
ALTER TABLE "portfolios" ADD COLUMN "created_by" text;
--> statement-breakpoint
ALTER TABLE "former_members" ADD CONSTRAINT "former_members_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;
--> statement-breakpoint
CREATE UNIQUE INDEX "people_identity" ON "people" USING btree ("subject",coalesce("issuer", '')) WHERE "people"."subject" is not null;
--> statement-breakpoint
CREATE INDEX "people_without_issuer" ON "people" USING btree ("subject") WHERE "people"."issuer" is null;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_parent_id_api_keys_id_fk" FOREIGN KEY ("parent_id") REFERENCES "public"."api_keys"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
CREATE INDEX "api_keys_of_person" ON "api_keys" USING btree ("person_id","id");
--> statement-breakpoint
CREATE INDEX "api_keys_made_with" ON "api_keys" USING btree ("made_with") WHERE "api_keys"."made_with" is not null;
--> statement-breakpoint
CREATE INDEX "api_keys_of_parent" ON "api_keys" USING btree ("parent_id") WHERE "api_keys"."parent_id" is not null;
--> statement-breakpoint
CREATE INDEX "members_person" ON "members" USING btree ("person_id");
--> statement-breakpoint
CREATE INDEX "portfolios_of_creator" ON "portfolios" USING btree ("created_by");
--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_owner" CHECK (num_nonnulls(coalesce("api_keys"."person_id", "api_keys"."subject"), "api_keys"."portfolio_id") = 1);
--> statement-breakpoint
-- The person whom release 0.1.0 knows by this subject; made where there is none. It knew one issuer only, whose name
-- the API fills in when it starts.
CREATE FUNCTION person_of(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE person text;
BEGIN
  FOR attempt IN 1..10 LOOP
    SELECT id INTO person FROM people WHERE subject = wanted ORDER BY issuer NULLS FIRST, created_at LIMIT 1;
    IF FOUND THEN RETURN person; END IF;
    INSERT INTO people (id, subject) VALUES ('usr_0' || left(replace(gen_random_uuid()::text, '-', ''), 25), wanted)
    ON CONFLICT DO NOTHING;
  END LOOP;
  RAISE EXCEPTION 'no person can be made';
END $$;
--> statement-breakpoint
SELECT person_of(subject) FROM (
  SELECT subject FROM members UNION SELECT subject FROM api_keys WHERE subject IS NOT NULL) AS known;
--> statement-breakpoint
UPDATE members SET person_id = person_of(subject);
--> statement-breakpoint
UPDATE api_keys SET person_id = person_of(subject) WHERE subject IS NOT NULL;
--> statement-breakpoint
ALTER TABLE "members" ALTER COLUMN "person_id" SET NOT NULL;
--> statement-breakpoint
ALTER TABLE "members" DROP CONSTRAINT "members_portfolio_id_subject_pk";
--> statement-breakpoint
ALTER TABLE "members" ALTER COLUMN "subject" DROP NOT NULL;
--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_portfolio_id_person_id_pk" PRIMARY KEY("portfolio_id","person_id");
--> statement-breakpoint
ALTER TABLE "members" ADD CONSTRAINT "members_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;
