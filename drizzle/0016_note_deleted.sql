-- As before, but what was deleted is removed without waiting a day.
CREATE OR REPLACE FUNCTION note_removable(keys text[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO removable_objects (key, at_once) SELECT DISTINCT key, true FROM unnest(keys) AS key ORDER BY key
  ON CONFLICT (key) DO UPDATE SET since = now(), at_once = true;
$$;
