-- Evidence that is to be kept fresh is looked after from now on, as if it had been checked by what plans the next sync.
UPDATE evidence SET
  stale_at = checked_at + make_interval(secs => fresh_for_seconds),
  next_sync_at = CASE WHEN source_url IS NOT NULL
    THEN checked_at + make_interval(secs => greatest(900, fresh_for_seconds * (0.5 + random() * 0.1))) END
WHERE fresh_for_seconds IS NOT NULL AND latest > 0;
