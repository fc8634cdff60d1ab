import { createClient } from '@portfolio/api/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accessibilityProblems } from '../support/accessibility.ts';
import { browserPath, launchBrowser } from '../support/browser.ts';
import { testFolder } from '../support/folder.ts';
import { startPlatform } from '../support/stack.ts';

let platform: Awaited<ReturnType<typeof startPlatform>>;
let browser: Browser;

const team = { name: 'Team Example', slug: 'team-example' };

/** Opens an address in a browser of its own, and signs in there as an example person. */
async function signIn(person: 'Alex' | 'Robin', address = platform.baseUrl) {
  const page = await (await browser.newContext()).newPage();
  const exceptions: string[] = [];
  page.on('pageerror', ({ message }) => exceptions.push(message));
  await page.goto(address);
  await page.getByRole('link', { name: 'Sign in with an example person' }).click();
  await page.getByRole('button', { name: `${person} Example` }).click();
  await page.getByText('Live', { exact: true }).waitFor();
  return { page, exceptions };
}

const openTab = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

/** Presses what asks for typed words, types them, and presses it for good. */
async function confirm(page: Page, words: string, typed: string, what = '') {
  await press(page, `${words}… ${what}`.trim());
  await page.getByLabel(`Type ${typed} to confirm`).fill(typed);
  await press(page, words);
}

async function expectAccessible(...pages: Page[]) {
  for (const page of pages) expect(await accessibilityProblems(page)).toEqual([]);
}

describe.skipIf(!browserPath)('in the browser (needs the Debian package chromium)', () => {
  beforeAll(async () => {
    platform = await startPlatform(await testFolder());
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await platform.stop();
  });

  test('a person makes a portfolio, hands it over and is removed with all keys; the next owner deletes it, takes it back and deletes it for good', async () => {
    const alex = await signIn('Alex');
    await openTab(alex.page, 'Portfolios');
    await alex.page.getByLabel('Name').fill(team.name);
    expect(await alex.page.getByLabel('Address').inputValue()).toBe(team.slug);
    await press(alex.page, 'Create');

    // The last owner can neither leave nor be erased.
    await press(alex.page, 'Leave this portfolio');
    await press(alex.page, 'Leave');
    await alex.page.getByText(`"Alex Example" is the last owner of portfolio "${team.slug}"`).waitFor();
    await openTab(alex.page, 'Account');
    await confirm(alex.page, 'Erase me', 'erase me');
    await alex.page
      .getByRole('alert')
      .filter({ hasText: `signed in of "${team.slug}"` })
      .waitFor();
    await expectAccessible(alex.page);

    const secret = await makePortfolioKey(alex.page);
    const byKey = createClient({ baseUrl: platform.baseUrl, apiKey: secret });
    expect(await byKey.me.read.query({})).toMatchObject({ portfolios: [team] });
    const robin = await signIn('Robin', await invite(alex.page));
    expect(robin.page.url()).toBe(`${platform.baseUrl}/join`);
    await robin.page.getByText(`Alex Example invites you to ${team.name} as owner`).waitFor();
    await expectAccessible(robin.page);
    await press(robin.page, 'Join');
    await robin.page.getByText('robin', { exact: true }).waitFor();

    await press(robin.page, 'Remove Alex Example');
    await press(robin.page, 'Remove');
    await robin.page.getByRole('button', { name: 'Remove Alex Example' }).waitFor({ state: 'detached' });
    await expect(byKey.me.read.query({})).rejects.toThrow('revoked');
    await openTab(robin.page, 'Keys');
    await robin.page
      .getByRole('listitem')
      .filter({ hasText: 'Nightly import' })
      .getByText('Revoked')
      .waitFor();
    await alex.page.reload();
    await alex.page.getByRole('heading', { name: 'Portfolio not found' }).waitFor();

    // Exports are offered of the portfolios in which one may start them, and not of what others have published.
    await openTab(robin.page, 'Jobs');
    const offered = robin.page.getByRole('combobox', { name: 'Portfolio' }).getByRole('option');
    await offered.filter({ hasText: team.name }).waitFor({ state: 'attached' });
    expect(await offered.allTextContents()).toEqual([team.name]);
    await openTab(robin.page, 'Portfolios');
    await openTab(robin.page, team.name);

    await openTab(robin.page, 'Settings');
    await confirm(robin.page, 'Delete the portfolio', team.slug);
    await press(robin.page, `Undelete ${team.name}`);
    await robin.page.getByRole('heading', { name: team.name }).waitFor();
    await openTab(robin.page, 'Settings');
    await confirm(robin.page, 'Delete the portfolio', team.slug);
    await robin.page.getByText('deleted for good on').waitFor();
    await expectAccessible(robin.page);
    await confirm(robin.page, 'Delete for good', team.slug, team.name);
    await robin.page.getByText('deleted for good on').waitFor({ state: 'detached' });

    await openTab(alex.page, 'Account');
    await confirm(alex.page, 'Erase me', 'erase me');
    await alex.page.getByText('You were erased').waitFor();
    await openTab(robin.page, 'Account');
    await press(robin.page, 'Sign out everywhere');
    await robin.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect([alex.exceptions, robin.exceptions]).toEqual([[], []]);
  });
});

/** Makes a key in the portfolio of the team. Resolves to its secret. */
async function makePortfolioKey(page: Page): Promise<string> {
  await openTab(page, 'Portfolios');
  await openTab(page, team.name);
  await openTab(page, 'Keys');
  await page.getByLabel('What the key is for').fill('Nightly import');
  await press(page, 'Make a key');
  const secret = await page.getByLabel('Secret of the new key').inputValue();
  await page.getByText('by Alex Example').waitFor();
  await expectAccessible(page);
  return secret;
}

/** Invites an owner. Resolves to the link of the invitation. */
async function invite(page: Page): Promise<string> {
  await openTab(page, 'Members');
  await page.getByRole('combobox', { name: 'Role', exact: true }).selectOption('owner');
  await page.getByLabel('Whom it is for').fill('Robin');
  await press(page, 'Make a link');
  await page.getByText('Robin', { exact: true }).waitFor();
  await expectAccessible(page);
  return page.getByLabel('Link of the invitation').inputValue();
}
