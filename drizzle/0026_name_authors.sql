UPDATE case_study_revisions SET author = known.id FROM (
  SELECT name, person_of(name) AS id FROM (SELECT DISTINCT author AS name FROM case_study_revisions WHERE is_subject(author)) AS names) AS known
WHERE author = known.name;
--> statement-breakpoint
UPDATE audit_log SET
  actor = CASE WHEN is_subject(actor) THEN person_of(actor) ELSE actor END,
  target = CASE WHEN action LIKE 'member.%' AND is_subject(target) THEN person_of(target) ELSE target END
WHERE is_subject(actor) OR (action LIKE 'member.%' AND is_subject(target));
--> statement-breakpoint
-- Last, since it locks jobs that run until the end of this migration.
UPDATE jobs SET requested_by = known.id FROM (
  SELECT name, person_of(name) AS id FROM (SELECT DISTINCT requested_by AS name FROM jobs WHERE is_subject(requested_by)) AS names) AS known
WHERE requested_by = known.name;
