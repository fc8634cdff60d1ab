-- Whoever writes samples, also an earlier version of the program while this one replaces it, marks the days that it
-- touched. No statement moves a sample to another time.
CREATE FUNCTION "mark_metric_days_dirty"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- With its metric, samples and days go too.
  INSERT INTO "metric_dirty_days" ("metric_id", "day")
  SELECT DISTINCT "metric_id", date_trunc('day', "at", 'UTC') FROM "changed"
  WHERE TG_OP <> 'DELETE' OR EXISTS (SELECT FROM "metrics" WHERE "metrics"."id" = "changed"."metric_id");
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "metric_samples_inserted" AFTER INSERT ON "metric_samples" REFERENCING NEW TABLE AS "changed"
  FOR EACH STATEMENT EXECUTE FUNCTION "mark_metric_days_dirty"();--> statement-breakpoint
CREATE TRIGGER "metric_samples_updated" AFTER UPDATE ON "metric_samples" REFERENCING NEW TABLE AS "changed"
  FOR EACH STATEMENT EXECUTE FUNCTION "mark_metric_days_dirty"();--> statement-breakpoint
CREATE TRIGGER "metric_samples_deleted" AFTER DELETE ON "metric_samples" REFERENCING OLD TABLE AS "changed"
  FOR EACH STATEMENT EXECUTE FUNCTION "mark_metric_days_dirty"();--> statement-breakpoint
INSERT INTO "metric_dirty_days" ("metric_id", "day")
SELECT DISTINCT "metric_id", date_trunc('day', "at", 'UTC') FROM "metric_samples";
