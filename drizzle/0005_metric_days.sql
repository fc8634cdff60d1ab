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
ALTER TABLE "metric_days" ADD CONSTRAINT "metric_days_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "metric_dirty_days" ADD CONSTRAINT "metric_dirty_days_metric_id_metrics_id_fk" FOREIGN KEY ("metric_id") REFERENCES "public"."metrics"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "metric_dirty_days_metric" ON "metric_dirty_days" USING btree ("metric_id","day");