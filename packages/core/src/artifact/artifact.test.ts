import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, describeFile, sendForm, sha256Of } from '../../../../tests/support/upload.ts';
import { type Actor, anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { contentKey } from '../upload/keys.ts';

const { artifact, caseStudy } = operations;
const owner = user('owner');
const portfolio = 'team';
const referenceUrl = 'https://git.example/team/tool/releases/tag/v1';
const unknown = { code: 'not_found' };

let platform: TestServices;
let portfolioId: string;
beforeAll(async () => {
  platform = await testServices();
  ({ id: portfolioId } = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  }));
});
afterAll(() => platform.stop());

let count = 0;
let slug: string;
beforeEach(() => {
  slug = `artifact-${++count}`;
});

const at = () => ({ portfolio, slug });
const create = (rest: object = {}) =>
  artifact.create.run(platform.as(owner), { ...at(), kind: 'script', title: 'Tool', ...rest });
const read = (actor: Actor = owner) => artifact.read.run(platform.as(actor), at());
const add = (name: string, rest: object = { referenceUrl }) =>
  artifact.addVersion.run(platform.as(owner), { ...at(), name, ...rest });
const content = (version?: string, actor: Actor = owner) =>
  artifact.content.run(platform.as(actor), { ...at(), version });
const versions = (rest: object = {}, actor: Actor = owner) =>
  artifact.versions.run(platform.as(actor), { ...at(), ...rest });
const list = (actor: Actor, rest: object = {}) =>
  artifact.list.run(platform.as(actor), { portfolio, limit: 100, ...rest });
const createStudy = (name: string, shown: string[]) =>
  caseStudy.create.run(platform.as(owner), { portfolio, slug: name, title: name, artifacts: shown });
const publish = (name: string) =>
  caseStudy.publish.run(platform.as(owner), { portfolio, slug: name, expectedVersion: '*' });
const namesOf = ({ items }: { items: { name: string }[] }) => items.map(({ name }) => name);

async function upload(text: string, fileName = 'tool.sh') {
  const bytes = bytesOf(text);
  const input = { portfolio, ...describeFile(bytes, fileName) };
  const requested = await artifact.upload.run(platform.as(owner), input);
  await sendForm(requested, bytes);
  return requested.id;
}

test('a new artifact has no versions, and is read as it was written', async () => {
  const fields = {
    kind: 'pipeline',
    title: 'Déploiement',
    description: 'Two\nlines.',
    licence: 'Apache-2.0 OR MIT',
    repositoryUrl: 'https://git.example/team/tool',
  };
  const created = await create(fields);
  expect(created).toMatchObject({ ...at(), ...fields, latestVersions: [] });
  expect(await read()).toEqual(created);
  await expect(create()).rejects.toMatchObject({ code: 'conflict' });
  await expect(content()).rejects.toMatchObject(unknown);
});

test.each([
  ['kind', 'binary'],
  ['licence', 'do what you want!'],
  ['licence', ''],
  ['licence', 'MIT OR'],
  ['repositoryUrl', 'git@git.example:team/tool.git'],
  ['repositoryUrl', 'https://token@git.example/team/tool'],
])('an artifact with %s %j is refused', async (field, value) => {
  await expect(create({ [field]: value })).rejects.toMatchObject({
    code: 'invalid_input',
    fields: [{ pointer: `/${field}` }],
  });
});

describe('a version', () => {
  test('that is a file keeps its bytes, and browsers save it under its name', async () => {
    await create();
    const text = '#!/bin/sh\necho hello\n';
    const added = await add('1.0.0', { notes: '*First.*', uploadId: await upload(text) });
    const file = {
      fileName: 'tool.sh',
      contentType: 'text/plain',
      sizeBytes: text.length,
      sha256: sha256Of(bytesOf(text)),
    };
    expect(added).toMatchObject({ name: '1.0.0', notes: '*First.*', referenceUrl: null, file });
    expect((await read()).latestVersions).toEqual([added]);
    expect(await platform.bucket.get(contentKey('artifacts', portfolioId, file.sha256))).toEqual(
      bytesOf(text),
    );
    const response = await fetch((await content('1.0.0')).url);
    expect(await response.text()).toBe(text);
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="tool.sh"/);
  });

  test('that is a reference links to the repository', async () => {
    await create();
    await add('v1');
    expect(await content()).toMatchObject({ url: referenceUrl, file: null, expiresAt: null });
    await expect(content('v2')).rejects.toMatchObject(unknown);
  });

  test('that is a reference of release 0.1.0 links to the host that every parser finds', async () => {
    await create();
    await add('v1');
    const stored = 'https://example.com\\@elsewhere.example/';
    await platform.ownerSql`update artifact_versions set reference_url = ${stored}
      from artifacts where id = artifact_id and slug = ${at().slug}`;
    expect(await content()).toMatchObject({ url: 'https://example.com/@elsewhere.example/' });
  });

  test.each([
    ['neither file nor reference', async () => ({})],
    ['both', async () => ({ referenceUrl, uploadId: await upload('both') })],
  ])('of %s is refused', async (_, given) => {
    await create();
    await expect(add('1', await given())).rejects.toMatchObject({
      code: 'invalid_input',
      fields: [{ pointer: '/uploadId' }],
    });
  });

  test('has a unique name: a second one is refused, and its upload stays usable', async () => {
    await create();
    await add('1');
    const uploadId = await upload('second');
    await expect(add('1', { uploadId })).rejects.toMatchObject({ code: 'conflict' });
    expect(await add('2', { uploadId })).toMatchObject({ name: '2' });
    expect(namesOf(await versions())).toEqual(['2', '1']);
  });

  test('is added once by many concurrent requests with its name', async () => {
    await create();
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => add('racing')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(namesOf(await versions())).toEqual(['racing']);
  });

  test.each(['', 'a b', '../1', '1/2', '-rf', 'x'.repeat(61)])('cannot be named %j', async (name) => {
    await create();
    await expect(add(name)).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('versions', () => {
  test('are listed newest first; pages skip and repeat none while others are added', async () => {
    await create();
    for (const name of ['a', 'c', 'b']) await add(name);
    const first = await versions({ limit: 2 });
    await add('d');
    const second = await versions({ limit: 2, cursor: first.nextCursor });
    expect([first, second].map(namesOf)).toEqual([['b', 'c'], ['a']]);
    expect(second.nextCursor).toBeNull();
    expect(await versions({ cursor: 'never-there' })).toEqual({ items: [], nextCursor: null });
  });

  test('change the version of their artifact, which includes the five newest', async () => {
    const { version } = await create();
    for (const name of ['1', '2', '3', '4', '5', '6']) await add(name);
    const shown = await read();
    expect(shown.latestVersions.map(({ name }) => name)).toEqual(['6', '5', '4', '3', '2']);
    expect(shown.version).toBeGreaterThan(version);
  });
});

describe('changes', () => {
  test('based on an outdated version are refused', async () => {
    const { version } = await create();
    const change = (expectedVersion: number) =>
      artifact.update.run(platform.as(owner), { ...at(), licence: 'MIT', expectedVersion });
    const changed = await change(version);
    expect(changed).toMatchObject({ licence: 'MIT', title: 'Tool' });
    await expect(change(version)).rejects.toMatchObject({ code: 'precondition_failed' });
    await expect(
      artifact.delete.run(platform.as(owner), { ...at(), expectedVersion: version }),
    ).rejects.toMatchObject({ code: 'precondition_failed' });
    expect(await read()).toEqual(changed);
  });

  test('delete it with its versions, unless case studies present it; the error lists them', async () => {
    const { id } = await create();
    await add('1');
    const study = { portfolio, slug: `${slug}-study` };
    await caseStudy.create.run(platform.as(owner), { ...study, title: 'Study', artifacts: [slug] });
    const remove = () => artifact.delete.run(platform.as(owner), { ...at(), expectedVersion: '*' });
    await expect(remove()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`"${slug}-study"`) as string,
    });
    await caseStudy.update.run(platform.as(owner), { ...study, artifacts: [], expectedVersion: '*' });
    expect(await remove()).toBeNull();
    await expect(read()).rejects.toMatchObject(unknown);
    expect(await platform.sql`select 1 from artifact_versions where artifact_id = ${id}`).toEqual([]);
  });
});

test('anonymous readers see an artifact with all its versions once a published study presents it', async () => {
  await create();
  await add('1');
  await createStudy(`${slug}-open`, []);
  await createStudy(`${slug}-study`, [slug]);
  await publish(`${slug}-open`);
  await expect(read(anonymous)).rejects.toMatchObject(unknown);
  await expect(versions({}, anonymous)).rejects.toMatchObject(unknown);
  await expect(content('1', anonymous)).rejects.toMatchObject(unknown);
  expect((await list(anonymous)).items).toEqual([]);

  await publish(`${slug}-study`);
  expect(await read(anonymous)).toEqual(await read());
  expect(namesOf(await versions({}, anonymous))).toEqual(['1']);
  expect((await content('1', anonymous)).url).toBe(referenceUrl);
  expect((await list(anonymous)).items.map((item) => item.slug)).toEqual([slug]);
});

test('lists are filtered by kind, paged, newest first, and of one portfolio only', async () => {
  const other = 'pages';
  await operations.portfolio.create.run(platform.as(owner), { slug: other, name: 'Pages' });
  expect(await list(owner, { portfolio: other })).toEqual({ items: [], nextCursor: null });
  for (const [name, kind] of [
    ['a', 'module'],
    ['b', 'policy'],
    ['c', 'module'],
  ] as const) {
    await artifact.create.run(platform.as(owner), { portfolio: other, slug: name, kind, title: name });
  }
  const slugs = async (rest: object) =>
    (await list(owner, { portfolio: other, ...rest })).items.map((item) => item.slug);
  expect(await slugs({ kind: 'module' })).toEqual(['c', 'a']);
  const { nextCursor } = await list(owner, { portfolio: other, limit: 2 });
  expect(await slugs({ limit: 2 })).toEqual(['c', 'b']);
  expect(await slugs({ limit: 2, cursor: nextCursor })).toEqual(['a']);
});
