/** CHANGELOG.md in the form of Keep a Changelog: `## [version] - date`, below it `### Added` and the like with lists. */

/** The lines under the heading of a version, or of `Unreleased`; undefined if there is no such heading. */
export function sectionOf(changelog: string, version: string): string | undefined {
  const lines = changelog.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`## [${version}]`));
  if (start === -1) return undefined;
  const length = lines.slice(start + 1).findIndex((line) => line.startsWith('## '));
  return lines
    .slice(start + 1, length === -1 ? undefined : start + 1 + length)
    .join('\n')
    .trim();
}

/** Whether a section has a list under `### Breaking`. */
export function hasBreakingChanges(section: string): boolean {
  const [, after] = section.split(/^### Breaking[^\S\n]*$/m);
  return after !== undefined && /^[-*] \S/m.test(after.split(/^###? /m)[0]!);
}

/** Moves the changes under `Unreleased` to a version, released on a day such as `2026-11-30`. */
export function releaseUnreleased(changelog: string, version: string, day: string): string {
  return changelog.replace(/^## \[Unreleased\][^\S\n]*$/m, `## [Unreleased]\n\n## [${version}] - ${day}`);
}
