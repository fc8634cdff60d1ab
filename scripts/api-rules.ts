import { findBreaks } from '../packages/api/src/rest/openapi-changes.ts';
import type { Document } from '../packages/api/src/rest/openapi-document.ts';
import { sectionOf, tellsOfBreaks } from './changelog.ts';
import type { History, State } from './releases.ts';
import { isHigher, nextBreaking, parseVersion } from './versions.ts';

const documentPath = 'packages/api/openapi.json';

/** How many releases are compared, each with the one after it: what is older cannot be mended any more. */
const comparedReleases = 3;

/**
 * What is wrong between the last releases and the working tree: what breaks clients without being announced, and versions
 * that do not grow. Empty before the first release.
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
    `From ${earlier.name} to ${later.name}, ${missing.join(' and ')}, since clients break:`,
    ...breaks.map((what) => `  ${what}`),
  ];
}

/** What is missing between two states for the later one to break clients of the earlier: a version, a line, or nothing. */
export function missingToBreak(earlier: State, later: State): string[] {
  return later.version === earlier.version ? missingNow(earlier, later) : missingIn(earlier, later);
}

function compareVersions(earlier: State, later: State): string | undefined {
  if (later.version === earlier.version) return undefined;
  const [before, after] = [parsed(earlier), later.version === undefined ? undefined : parsed(later)];
  if (after && isHigher(after, before)) return undefined;
  return `The version of package.json goes from ${earlier.version} to ${later.version ?? 'none'}: expected a higher one.`;
}

/** What has to be said of breaks that are not released yet: their version is chosen by `npm run release`. */
function missingNow(earlier: State, later: State): string[] {
  if (saysSo(later, 'Unreleased')) return [];
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
    ...(saysSo(later, later.version!)
      ? []
      : [`CHANGELOG.md needs a line under "### Breaking" in "## [${later.version}]"`]),
  ];
}

const saysSo = (state: State, version: string) =>
  tellsOfBreaks(sectionOf(state.read('CHANGELOG.md') ?? '', version) ?? '');

function parsed({ name, version }: State) {
  const found = parseVersion(version!);
  if (!found)
    throw new Error(`The version of package.json in ${name} is ${version}: expected one such as 0.2.0.`);
  return found;
}

function documentOf({ name, read }: State): Document {
  const text = read(documentPath);
  if (text === undefined) throw new Error(`There is no ${documentPath} in ${name}.`);
  return JSON.parse(text) as Document;
}
