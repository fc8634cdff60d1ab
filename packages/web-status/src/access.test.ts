import { expect, test } from 'vitest';
import { accessTo } from './access.ts';
import type { Me } from './types.ts';

const acme: Me['portfolios'][number] = {
  slug: 'acme',
  name: 'Acme',
  role: 'viewer',
  scopes: ['portfolio:read'],
};
const me = {
  portfolios: [acme],
  more: false,
  scopes: ['portfolio:read', 'portfolio:write'] as Me['scopes'],
};

test('a member is offered what the role allows, also where the credential could do more', () => {
  const access = accessTo('acme', me)!;
  expect(access.may('portfolio:read')).toBe(true);
  expect(access.may('portfolio:write')).toBe(false);
});

test('who is not a member is offered nothing', () => {
  expect(accessTo('other', me)).toBeUndefined();
});

test('in a portfolio beyond those that are listed, the API decides', () => {
  expect(accessTo('other', { ...me, more: true })!.may('portfolio:write')).toBe(true);
});
