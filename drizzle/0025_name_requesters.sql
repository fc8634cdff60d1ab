-- History names people by their ids from now on, so that erasing a person leaves no subject in it. Only after the triggers
-- are committed, so that nothing which 0.1.0 writes meanwhile is missed.
UPDATE api_keys SET person_id = person_of(subject) WHERE subject IS NOT NULL AND person_id IS NULL;
--> statement-breakpoint
-- First those that nobody changes any more: workers have to extend the leases of the others.
UPDATE jobs SET requested_by = known.id FROM (
  SELECT name, person_of(name) AS id FROM (SELECT DISTINCT requested_by AS name FROM jobs WHERE finished_at IS NOT NULL AND is_subject(requested_by)) AS names) AS known
WHERE finished_at IS NOT NULL AND requested_by = known.name;
