import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type TestServices, testServices } from '../../../../tests/support/services.ts';
import { adoptIssuer, identifyPerson } from './identify.ts';

const issuer = 'https://issuer.example';
const now = new Date();

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
  // Ids as in production.
  await platform.ownerSql`drop trigger name_person on people`;
});
afterAll(() => platform.stop());
beforeEach(() => platform.ownerSql`truncate people cascade`);

const identify = (subject: string, of = issuer) =>
  identifyPerson(platform.db, { issuer: of, subject, isDefault: of === issuer }, now);
const people = () =>
  platform.sql`select id, issuer, subject, signed_in_at is not null as "hasSignedIn" from people order by issuer`;

test('a person is stored at the first sign-in, with an id that does not say who it is, and found at later ones', async () => {
  const id = await identify('ada');
  expect(id).toMatch(/^usr_[0-7][0-9a-z]{25}$/);
  expect(await Promise.all([identify('ada'), identify('ada')])).toEqual([id, id]);
  expect(await people()).toEqual([{ id, issuer, subject: 'ada', hasSignedIn: true }]);
});

test('concurrent first sign-ins store one person', async () => {
  const ids = await Promise.all(Array.from({ length: 4 }, () => identify('ada')));
  expect(new Set(ids).size).toBe(1);
});

test('the same subject of another issuer is another person', async () => {
  expect(await identify('ada', 'https://other.example')).not.toBe(await identify('ada'));
});

test('a person whom a release without issuers has stored belongs to the default issuer', async () => {
  const [stored] = await platform.ownerSql`select person_of('ada') as id`;
  const other = await identify('ada', 'https://other.example');
  expect(other).not.toBe(stored!.id);
  expect(await identify('ada')).toBe(stored!.id);
});

test('the default issuer adopts everybody whose issuer is not known, and nobody else', async () => {
  const other = await identify('bob', 'https://other.example');
  await platform.ownerSql`insert into people (id, subject) values ('usr_1', 'ada'), ('usr_2', 'bob'), ('usr_3', null)`;
  expect(await adoptIssuer(platform.db, issuer)).toBe(2);
  expect(await adoptIssuer(platform.db, issuer)).toBe(0);
  expect(await identify('bob')).toBe('usr_2');
  expect(await identify('bob', 'https://other.example')).toBe(other);
});

test('what was issued before a person revoked it identifies nobody', async () => {
  const id = await identify('ada');
  await platform.sql`insert into token_ends (person_id, not_before) values (${id}, now())`;
  await expect(identify('ada')).rejects.toMatchObject({ code: 'unauthenticated' });
});
