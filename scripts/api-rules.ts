import { findBreaks } from '../packages/api/src/rest/openapi-changes.ts';
import type { Document } from '../packages/api/src/rest/openapi-document.ts';
import { sectionOf, hasBreakingChanges } from './changelog.ts';
import type { History, State } from './releases.ts';
import { isHigher, nextBreaking, parseVersion } from './versions.ts';

const documentPath = 'packages/api/openapi.json';

/** The number of releases that are compared, each with the next one: older ones cannot be fixed any more. */
const comparedReleases = 3;

/**
 * Problems between the last releases and the working tree: unannounced changes that break clients, and versions that do
 * not increase. Empty before the first release.
 */
export function findUnannouncedBreaks({ releases, tree }: History): string[] {
  const states = [...releases.slice(-comparedReleases), tree];
  return states.slice(1).flatMap((later, at) => compare(states[at]!, later));
}

function compare(earlier: State, later: State): string[] {
  const order = compareVersions(earlier, later);
  if (order) return [order];
  const breaks = findBreaks(documentOf(earlier), documentOf(later));
  if (breaks.length === 0) return [];
  const missing = missingToBreak(earlier, later);
  if (missing.length === 0) return [];
  return [
    `From ${earlier.name} to ${later.name}, ${missing.join(' and ')}, because clients break:`,
    ...breaks.map((line) => `  ${line}`),
  ];
}

/** The version or line in the changelog that the later state lacks to break clients of the earlier one; empty if neither. */
export function missingToBreak(earlier: State, later: State): string[] {
  return later.version === earlier.version ? missingNow(earlier, later) : missingIn(earlier, later);
}

function compareVersions(earlier: State, later: State): string | undefined {
  if (later.version === earlier.version) return undefined;
  const [before, after] = [parsed(earlier), later.version === undefined ? undefined : parsed(later)];
  if (after && isHigher(after, before)) return undefined;
  return `The version of package.json goes from ${earlier.version} to ${later.version ?? 'none'}: expected a higher one.`;
}

/** As `missingToBreak`, for changes that are not released yet: `npm run release` chooses their version. */
function missingNow(earlier: State, later: State): string[] {
  if (announcesBreaks(later, 'Unreleased')) return [];
  const next = nextBreaking(parsed(earlier)).join('.');
  return [
    `CHANGELOG.md needs a line under "### Breaking" in "## [Unreleased]", and the next release will be ${next} or higher`,
  ];
}

function missingIn(earlier: State, later: State): string[] {
  const needed = nextBreaking(parsed(earlier));
  const isTooLow = isHigher(needed, parsed(later));
  return [
    ...(isTooLow ? [`the version has to be ${needed.join('.')} or higher, not ${later.version}`] : []),
    ...(announcesBreaks(later, later.version!)
      ? []
      : [`CHANGELOG.md needs a line under "### Breaking" in "## [${later.version}]"`]),
  ];
}

const announcesBreaks = (state: State, version: string) =>
  hasBreakingChanges(sectionOf(state.read('CHANGELOG.md') ?? '', version) ?? '');

function parsed({ name, version }: State) {
  const found = parseVersion(version!);
  if (!found)
    throw new Error(`The version of package.json in ${name} is ${version}: expected one such as 0.2.0.`);
  return found;
}

function documentOf({ name, read }: State): Document {
  const text = read(documentPath);
  if (text === undefined) throw new Error(`${documentPath} does not exist in ${name}.`);
  return JSON.parse(text) as Document;
}
