-- As before, but what was deleted is removed without waiting a day.
CREATE OR REPLACE FUNCTION note_removable(keys text[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO removable_objects (key, at_once) SELECT DISTINCT key, true FROM unnest(keys) AS key ORDER BY key
  ON CONFLICT (key) DO UPDATE SET since = now(), at_once = true;
$$;
--> statement-breakpoint
-- Its audit log goes with a portfolio: nothing deletes one by mistake, or before its time in the bin is over.
CREATE FUNCTION refuse_early_purge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'portfolio % is not due to be deleted', OLD.id
    USING ERRCODE = 'check_violation', CONSTRAINT = 'refuse_early_purge';
END $$;
--> statement-breakpoint
CREATE TRIGGER refuse_early_purge BEFORE DELETE ON portfolios FOR EACH ROW
  WHEN (OLD.purge_at IS NULL OR OLD.purge_at > now()) EXECUTE FUNCTION refuse_early_purge();
