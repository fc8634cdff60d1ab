import type { CaseStudy } from '@portfolio/core/case-study/schemas';

/** A case study as Markdown with front matter. Its values are JSON, which is valid YAML. */
export function caseStudyToMarkdown({ body, ...fields }: CaseStudy): string {
  const lines = Object.entries(fields)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return ['---', ...lines, '---', '', body].join('\n');
}
