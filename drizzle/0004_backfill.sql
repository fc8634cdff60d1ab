-- Versions count on from the highest that was ever given, so that no ETag comes a second time.
SELECT setval('row_versions', greatest((SELECT last_value FROM row_versions), (SELECT coalesce(max(version), 1) FROM case_studies)));
--> statement-breakpoint
-- Studies that were there before revisions were kept: what they are now is their first one. Nobody knows its author.
INSERT INTO case_study_revisions (case_study_id, number, content, changed, author, created_at)
SELECT id, revision,
  jsonb_build_object('title', title, 'summary', summary, 'body', body, 'client', client, 'period', period, 'tags', tags,
    'language', language, 'claims', '[]'::jsonb, 'artifacts', '[]'::jsonb),
  '{}', 'unknown', updated_at
FROM case_studies
ON CONFLICT DO NOTHING;
--> statement-breakpoint
INSERT INTO case_study_images (case_study_id, sha256)
SELECT DISTINCT case_studies.id, shown.match[1]
FROM case_studies,
  regexp_matches(body, '/api/v1/portfolios/[a-z0-9-]+/images/([0-9a-f]{64})(?![0-9a-z])', 'g') AS shown(match)
ON CONFLICT DO NOTHING;
