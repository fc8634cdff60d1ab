DROP INDEX CONCURRENTLY IF EXISTS "audit_log_unsealed";--> statement-breakpoint
CREATE INDEX CONCURRENTLY "audit_log_unsealed" ON "audit_log" USING btree ("portfolio_id","at","id") WHERE "audit_log"."sealed_in" is null;--> statement-breakpoint
DROP INDEX CONCURRENTLY IF EXISTS "audit_log_own";--> statement-breakpoint
CREATE INDEX CONCURRENTLY "audit_log_own" ON "audit_log" USING btree ("actor","at","id") WHERE "audit_log"."portfolio_id" is null or "audit_log"."action" = 'portfolio.create';