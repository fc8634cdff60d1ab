-- The counts of a minute are not worth a write-ahead log; Drizzle cannot say so.
ALTER TABLE "rate_limits" SET UNLOGGED;
