-- What loses its last reference by a deletion is handed over to be removed from the bucket, in the transaction of the
-- deletion. Triggers see cascades too, such as that of a whole portfolio. One that was noted already waits anew.
CREATE FUNCTION note_removable(keys text[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO removable_objects (key) SELECT DISTINCT key FROM unnest(keys) AS key ORDER BY key
  ON CONFLICT (key) DO UPDATE SET since = now();
$$;
--> statement-breakpoint
-- Before the row goes, since its versions go first and would not know their portfolio any more.
CREATE FUNCTION note_removed_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_removable(ARRAY(
    SELECT format('evidence/%s/%s', OLD.portfolio_id, sha256) FROM evidence_versions WHERE evidence_id = OLD.id));
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_removed_objects BEFORE DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION note_removed_evidence();
--> statement-breakpoint
CREATE FUNCTION note_removed_artifact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_removable(ARRAY(
    SELECT format('artifacts/%s/%s', OLD.portfolio_id, sha256) FROM artifact_versions
    WHERE artifact_id = OLD.id AND sha256 IS NOT NULL));
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_removed_objects BEFORE DELETE ON artifacts FOR EACH ROW EXECUTE FUNCTION note_removed_artifact();
--> statement-breakpoint
CREATE FUNCTION note_removed_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_removable(ARRAY[format('images/%s/%s', OLD.portfolio_id, OLD.sha256)]);
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_removed_objects BEFORE DELETE ON images FOR EACH ROW EXECUTE FUNCTION note_removed_image();
--> statement-breakpoint
-- Whatever a kind of job results in, its files are the members named "key".
CREATE FUNCTION note_removed_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM note_removable(ARRAY(SELECT jsonb_path_query(OLD.result, '$.**.key') #>> '{}'));
  RETURN OLD;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_removed_objects BEFORE DELETE ON jobs FOR EACH ROW
  WHEN (OLD.result @? '$.**.key') EXECUTE FUNCTION note_removed_job();
