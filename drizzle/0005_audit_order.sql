DROP INDEX "audit_log_times";--> statement-breakpoint
DROP INDEX "audit_log_list";--> statement-breakpoint
CREATE INDEX "audit_log_list" ON "audit_log" USING btree ("portfolio_id","at","id");