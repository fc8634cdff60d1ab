-- What release 0.1.0 writes while it runs beside this one names people by their subjects.
CREATE FUNCTION note_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.person_id := person_of(NEW.subject);
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_person BEFORE INSERT ON members FOR EACH ROW
  WHEN (NEW.person_id IS NULL AND NEW.subject IS NOT NULL) EXECUTE FUNCTION note_person();
--> statement-breakpoint
CREATE TRIGGER note_person BEFORE INSERT ON api_keys FOR EACH ROW
  WHEN (NEW.person_id IS NULL AND NEW.subject IS NOT NULL) EXECUTE FUNCTION note_person();
--> statement-breakpoint
-- Whether a row is attributed to a subject, as release 0.1.0 does, and not to the id of a person, a key or a program.
CREATE FUNCTION is_subject(name text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT name !~ '^(usr|key)_[0-7][0-9a-z]{25}$' AND name NOT IN ('anonymous', 'schedule', 'webhooks', 'unknown')
$$;
--> statement-breakpoint
-- In the order in which a change locks these tables: a trigger waits for who writes them.
CREATE FUNCTION note_requester() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.requested_by := person_of(NEW.requested_by);
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_person BEFORE INSERT ON jobs FOR EACH ROW
  WHEN (is_subject(NEW.requested_by)) EXECUTE FUNCTION note_requester();
--> statement-breakpoint
CREATE FUNCTION note_author() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.author := person_of(NEW.author);
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_person BEFORE INSERT ON case_study_revisions FOR EACH ROW
  WHEN (is_subject(NEW.author)) EXECUTE FUNCTION note_author();
--> statement-breakpoint
CREATE FUNCTION note_actor() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF is_subject(NEW.actor) THEN NEW.actor := person_of(NEW.actor); END IF;
  IF NEW.action LIKE 'member.%' AND is_subject(NEW.target) THEN NEW.target := person_of(NEW.target); END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER note_person BEFORE INSERT ON audit_log FOR EACH ROW
  WHEN (is_subject(NEW.actor) OR NEW.action LIKE 'member.%') EXECUTE FUNCTION note_actor();
