/** A version of a release: three numbers without a prefix or a suffix. */
export type Version = [major: number, minor: number, patch: number];

/** Reads a version such as `0.2.1`; undefined for anything else. */
export function parseVersion(text: string): Version | undefined {
  const numbers = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(text);
  return numbers ? (numbers.slice(1).map(Number) as Version) : undefined;
}

/** Whether a version comes after another. */
export function isHigher(version: Version, than: Version): boolean {
  const at = version.findIndex((number, index) => number !== than[index]);
  return at !== -1 && version[at]! > than[at]!;
}

/** The lowest version that may break clients of another one: the next minor version while it is 0.x, then the next major. */
export function nextBreaking([major, minor]: Version): Version {
  return major === 0 ? [0, minor + 1, 0] : [major + 1, 0, 0];
}
