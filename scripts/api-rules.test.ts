import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findUnannouncedBreaks } from './api-rules.ts';
import { readHistory } from './releases.ts';
import { stateOf } from './testing.ts';

test('this repository breaks no client of its last release without announcing it', () => {
  const history = readHistory(fileURLToPath(new URL('..', import.meta.url)));
  expect(findUnannouncedBreaks(history)).toEqual([]);
});

/** A state of an API with operations at the given paths. */
function api(version: string, paths: string[], changelog?: string) {
  const operation = { operationId: 'a', security: [], responses: {} };
  return stateOf(version, {
    'packages/api/openapi.json': {
      info: { title: '', version: '1.0.0' },
      paths: Object.fromEntries(paths.map((path) => [path, { get: operation }])),
      components: { schemas: {} },
    },
    'CHANGELOG.md': changelog,
  });
}

/** The problems if each state except the last was released. */
function problemsOf(...states: ReturnType<typeof api>[]) {
  return findUnannouncedBreaks({ releases: states.slice(0, -1), tree: states.at(-1)! }).join('\n');
}

const first = api('0.1.0', ['/a', '/b']);

test('an API may change in any way before its first release', () => {
  expect(problemsOf(api('0.1.0', []))).toBe('');
});

test('an API may get new operations without an announcement', () => {
  expect(problemsOf(first, api('0.1.0', ['/a', '/b', '/c']))).toBe('');
});

test('a breaking change has to be announced under Unreleased, until it is released', () => {
  const problems = problemsOf(first, api('0.1.0', ['/a']));
  expect(problems).toContain('"### Breaking" in "## [Unreleased]"');
  expect(problems).toContain('0.2.0 or higher');
  expect(problems).toContain('GET /b was removed');
  const changelog = '## [Unreleased]\n\n### Breaking\n\n- `/b` was removed.';
  expect(problemsOf(first, api('0.1.0', ['/a'], changelog))).toBe('');
});

test('a line under another heading or in another version does not excuse a break', () => {
  const changelog = '## [Unreleased]\n### Breaking\n### Changed\n- One\n## [0.1.0]\n### Breaking\n- Two';
  expect(problemsOf(first, api('0.1.0', ['/a'], changelog))).toContain('GET /b was removed');
});

test.each([
  [
    'a version that is no new minor one',
    '0.1.1',
    '## [0.1.1] - 2027-01-01\n### Breaking\n- One',
    '0.2.0 or higher',
  ],
  ['no line in its section', '0.2.0', '## [0.2.0] - 2027-01-01\n### Added\n- One', 'in "## [0.2.0]"'],
])('a break is found in the very change that releases it with %s', (_, version, changelog, expected) => {
  const second = api(version, ['/a'], changelog);
  for (const problems of [problemsOf(first, second), problemsOf(first, second, second)]) {
    expect(problems).toContain(expected);
    expect(problems).toContain('GET /b was removed');
  }
});

test('an API may break clients with a new minor version that announces it', () => {
  const second = api('0.2.0', ['/a'], '## [0.2.0] - 2027-01-01\n### Breaking\n- `/b` was removed.');
  expect(problemsOf(first, second, second)).toBe('');
});

test('from 1.0.0 on, an API may break clients with a new major version only', () => {
  const second = api('1.1.0', ['/a'], '## [1.1.0]\n### Breaking\n- One');
  expect(problemsOf(api('1.0.0', ['/a', '/b']), second)).toContain('2.0.0 or higher, not 1.1.0');
});

test('a version is not lower than the previous one, and consists of three numbers', () => {
  expect(problemsOf(first, api('0.0.9', ['/a', '/b']))).toContain('to 0.0.9: expected a higher one');
  expect(() => problemsOf(first, api('0.2', ['/a', '/b']))).toThrow('is 0.2: expected one such as 0.2.0');
});
