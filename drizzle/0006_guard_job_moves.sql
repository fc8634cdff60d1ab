-- The moves that packages/core/src/job/transitions.ts knows, each with an event of its own: a test holds the two together.
CREATE FUNCTION jobs_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF new.state <> old.state AND old.state || ' → ' || new.state <> ALL (ARRAY[
    'queued → running', 'queued → cancelled', 'queued → dead',
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
--> statement-breakpoint
CREATE TRIGGER jobs_move BEFORE UPDATE OF state, last_seq ON jobs FOR EACH ROW EXECUTE FUNCTION jobs_move();
