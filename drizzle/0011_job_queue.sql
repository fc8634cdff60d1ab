-- First: running statements lock jobs before its events. In another order, some fail by a deadlock and use up attempts.
ALTER TABLE "jobs" ADD COLUMN "worker" text;--> statement-breakpoint
CREATE TABLE "job_pauses" (
	"portfolio_id" text,
	"kind" text,
	"reason" text NOT NULL,
	"paused_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "job_pauses_scope" UNIQUE NULLS NOT DISTINCT("portfolio_id","kind")
);
--> statement-breakpoint
CREATE TABLE "job_queue" (
	"job_id" text PRIMARY KEY NOT NULL,
	"portfolio_id" text NOT NULL,
	"kind" text NOT NULL,
	"priority" smallint NOT NULL,
	"turn" bigint NOT NULL,
	"due" boolean NOT NULL,
	"run_at" timestamp with time zone NOT NULL,
	"ready_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "job_workers" (
	"id" text PRIMARY KEY NOT NULL,
	"slots" jsonb NOT NULL,
	"shares" jsonb NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"seen_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
-- Nullable, so that the table is not rewritten: events of before keep null.
ALTER TABLE "job_events" ADD COLUMN "worker" text;--> statement-breakpoint
ALTER TABLE "job_events" ADD COLUMN "xid" "xid8";--> statement-breakpoint
ALTER TABLE "job_events" ALTER COLUMN "xid" SET DEFAULT pg_current_xact_id();--> statement-breakpoint
ALTER TABLE "job_pauses" ADD CONSTRAINT "job_pauses_portfolio_id_portfolios_id_fk" FOREIGN KEY ("portfolio_id") REFERENCES "public"."portfolios"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "job_queue" ADD CONSTRAINT "job_queue_job_id_jobs_id_fk" FOREIGN KEY ("job_id") REFERENCES "public"."jobs"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "job_queue_due" ON "job_queue" USING btree ("kind","portfolio_id","priority","turn") WHERE "job_queue"."due";--> statement-breakpoint
CREATE INDEX "job_queue_later" ON "job_queue" USING btree ("run_at") WHERE not "job_queue"."due";--> statement-breakpoint
-- Room on each page for new versions of its rows, and a vacuum that follows closely: these are tables of a queue.
ALTER TABLE "jobs" SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);--> statement-breakpoint
ALTER TABLE "job_queue" SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000);--> statement-breakpoint
-- Derives job_queue: the queued jobs that are the first unfinished ones of their group. As the owner of the table: programs
-- of release 0.1.0 run it before they are granted anything on it.
CREATE FUNCTION jobs_queue() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET enable_seqscan = off AS $$
DECLARE
  head record;
BEGIN
  IF tg_op = 'UPDATE' AND new.state = old.state THEN
    UPDATE job_queue SET priority = new.priority WHERE job_id = new.id;
    RETURN NULL;
  END IF;
  IF tg_op = 'INSERT' OR old.state NOT IN ('queued', 'running') THEN
    -- Waits while the job before it ends: whoever comes second sees what the first has done.
    PERFORM FROM jobs
    WHERE group_key = new.group_key AND state IN ('queued', 'running') AND turn < new.turn
    ORDER BY turn DESC LIMIT 1 FOR SHARE;
    -- Its end, or that of one before it, enqueues this one.
    IF FOUND THEN RETURN NULL; END IF;
  ELSIF old.state = 'queued' OR new.state = 'queued' THEN
    DELETE FROM job_queue WHERE job_id = new.id;
  END IF;
  -- Waits while the job ends that is to be enqueued, for instance because it is cancelled: then it is another one.
  LOOP
    SELECT id, portfolio_id, kind, priority, turn, run_at, state INTO head FROM jobs
    WHERE group_key = new.group_key AND state IN ('queued', 'running') ORDER BY turn LIMIT 1;
    IF NOT FOUND OR head.state = 'running' THEN RETURN NULL; END IF;
    EXIT WHEN head.id = new.id;
    SELECT id, portfolio_id, kind, priority, turn, run_at INTO head FROM jobs
    WHERE id = head.id AND state = 'queued' FOR SHARE;
    EXIT WHEN FOUND;
  END LOOP;
  -- Not now(), which is when the transaction began: the job may have been accepted since.
  INSERT INTO job_queue (job_id, portfolio_id, kind, priority, turn, due, run_at)
  VALUES (head.id, head.portfolio_id, head.kind, head.priority, head.turn, head.run_at <= clock_timestamp(), head.run_at)
  -- A claim that was refused has deferred it.
  ON CONFLICT (job_id) DO UPDATE SET due = true
  WHERE NOT job_queue.due AND job_queue.run_at <= clock_timestamp();
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER jobs_queue_accept AFTER INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION jobs_queue();--> statement-breakpoint
-- Claims remove their rows themselves, except those of release 0.1.0, which do not name their worker.
CREATE TRIGGER jobs_queue_change AFTER UPDATE OF state, priority ON jobs FOR EACH ROW
WHEN (new.state <> old.state AND (new.state <> 'running' OR new.worker IS NOT DISTINCT FROM old.worker) OR new.state = 'queued' AND new.priority <> old.priority)
EXECUTE FUNCTION jobs_queue();
--> statement-breakpoint
-- The jobs that wait already.
INSERT INTO job_queue (job_id, portfolio_id, kind, priority, turn, due, run_at)
SELECT id, portfolio_id, kind, priority, turn, run_at <= now(), run_at
FROM (
  SELECT DISTINCT ON (group_key) * FROM jobs WHERE state IN ('queued', 'running') ORDER BY group_key, turn) first
WHERE state = 'queued'
ON CONFLICT DO NOTHING;--> statement-breakpoint
-- As before, without "queued → dead": a message that nobody can receive says nothing about a job.
CREATE OR REPLACE FUNCTION jobs_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.state <> old.state AND old.state || ' → ' || new.state <> ALL (ARRAY[
    'queued → running', 'queued → cancelled',
    'running → queued', 'running → succeeded', 'running → failed', 'running → cancelled', 'running → dead',
    'failed → queued', 'cancelled → queued', 'dead → queued'
  ]) THEN
    RAISE EXCEPTION 'job % cannot go from % to %', old.id, old.state, new.state
      USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_move';
  END IF;
  IF new.last_seq - old.last_seq <> 1 AND (new.state <> old.state OR new.last_seq <> old.last_seq) THEN
    RAISE EXCEPTION 'job % cannot go from event % to %', old.id, old.last_seq, new.last_seq
      USING ERRCODE = 'check_violation', CONSTRAINT = 'jobs_move';
  END IF;
  RETURN new;
END $$;
