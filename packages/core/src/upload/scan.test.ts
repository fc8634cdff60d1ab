import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasClamav, startClamav, testMalware, testThreat } from '../../../../tests/support/clamav.ts';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { bytesOf, sha256Of, upload } from '../../../../tests/support/upload.ts';
import type { Ctx, Scanner } from '../context.ts';
import { operations } from '../index.ts';
import { imageKey } from '../image/internal.ts';
import { createScanner } from '../runtime/scanner.ts';
import { toOutage } from '../runtime/outage.ts';
import { contentKey, stagingKey } from './keys.ts';
import { removeExpiredUploads } from './remove-expired.ts';

const { artifact, evidence, image } = operations;
const owner = user('owner');
const portfolio = 'team';
const never = new AbortController().signal;
const unavailable = createScanner({ host: '127.0.0.1', port: 1 });

let platform: TestServices;
let portfolioId: string;
let scanner: Scanner;
const parts = new AsyncDisposableStack();
beforeAll(async () => {
  platform = parts.adopt(await testServices(), (running) => running.stop());
  ({ id: portfolioId } = await operations.portfolio.create.run(platform.as(owner), {
    slug: portfolio,
    name: 'Team',
  }));
  if (!hasClamav) return;
  const clamav = parts.adopt(await startClamav(), (running) => running.stop());
  scanner = createScanner(clamav.address);
});
afterAll(() => parts.disposeAsync());

let count = 0;
let slug: string;
beforeEach(() => void (slug = `file-${++count}`));

const by = (scanning: Scanner | null): Ctx => ({ ...platform.as(owner), scanner: scanning });
const send = (text: string) => upload(platform.as(owner), portfolio, bytesOf(text));
const read = (id: string) => operations.upload.read.run(platform.as(owner), { portfolio, id });
const staged = (id: string) => platform.bucket.get(stagingKey(portfolioId, id));
const infected = () => `${testMalware} ${slug}`;
const png = (text: string) => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), bytesOf(text)]);
const sendImage = (bytes: Buffer) =>
  image.upload.run(by(scanner), { portfolio, bytes: bytes.toString('base64') });
const quarantined = { code: 'quarantined', message: expect.stringContaining(testThreat) };

/** How an upload becomes a version of evidence or of an artifact, and where its bytes are then. */
const uses = {
  evidence: async (uploadId: string, scanning = scanner) => {
    await evidence.create.run(platform.as(owner), { portfolio, slug, title: slug }).catch(() => {});
    return evidence.addVersion.run(by(scanning), { portfolio, slug, uploadId });
  },
  artifacts: async (uploadId: string, scanning = scanner) => {
    const about = { portfolio, slug, title: slug, kind: 'script' as const };
    await artifact.create.run(platform.as(owner), about).catch(() => {});
    return artifact.addVersion.run(by(scanning), { portfolio, slug, name: '1.0', uploadId });
  },
};
const nouns = ['evidence', 'artifacts'] as const;

describe.skipIf(!hasClamav)('with a scanner (needs the Debian package clamav-daemon)', () => {
  describe.each(nouns)('an upload for %s', (noun) => {
    const use = uses[noun];
    const stored = (text: string) =>
      platform.bucket.get(contentKey(noun, portfolioId, sha256Of(bytesOf(text))));

    test('that is clean is used', async () => {
      const id = await send(`harmless ${slug}`);
      await use(id);
      expect(await stored(`harmless ${slug}`)).not.toBeNull();
      expect(await read(id)).toMatchObject({ state: 'used', threat: null });
    });

    test('with malware is quarantined: none of it is stored, and it can never be used', async () => {
      const id = await send(infected());
      await expect(use(id)).rejects.toMatchObject(quarantined);
      expect(await stored(infected())).toBeNull();
      expect(await read(id)).toMatchObject({ state: 'quarantined', threat: testThreat });
      for (const noScanner of [null, unavailable])
        await expect(use(id, noScanner!)).rejects.toMatchObject(quarantined);
      for (const other of nouns) await expect(uses[other](id)).rejects.toMatchObject(quarantined);
      expect(await stored(infected())).toBeNull();
    });
  });

  test('a file of several parts is refused as a whole if the malware is in the last one', async () => {
    const large = 'x'.repeat(12 * 1024 * 1024) + infected();
    await expect(uses.evidence(await send(large))).rejects.toMatchObject(quarantined);
    expect(
      await platform.bucket.get(contentKey('evidence', portfolioId, sha256Of(bytesOf(large)))),
    ).toBeNull();
  });

  test('a quarantined upload is deleted with its bytes when it expires', async () => {
    const id = await send(infected());
    await expect(uses.evidence(id)).rejects.toMatchObject(quarantined);
    await platform.sql`
      update uploads set created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'
      where id = ${id}`;
    expect(await read(id)).toMatchObject({ state: 'expired', threat: testThreat });
    await removeExpiredUploads(platform, never);
    expect(await staged(id)).toBeNull();
    await expect(read(id)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('an image with malware is refused, and not stored', async () => {
    const malware = png(infected());
    await expect(sendImage(malware)).rejects.toMatchObject(quarantined);
    expect(await platform.bucket.get(imageKey(portfolioId, sha256Of(malware)))).toBeNull();
    const clean = png(slug);
    await expect(sendImage(clean)).resolves.toMatchObject({ sha256: sha256Of(clean) });
  });
});

test.each(nouns)(
  'while the scanner is unavailable, an upload for %s is refused, and can be used later',
  async (noun) => {
    const text = `later ${slug}`;
    const id = await send(text);
    const refusal = await uses[noun](id, unavailable).catch((error: unknown) => error);
    expect(toOutage(refusal)).toMatchObject({ code: 'unavailable' });
    expect(await platform.bucket.get(contentKey(noun, portfolioId, sha256Of(bytesOf(text))))).toBeNull();
    expect(await read(id)).toMatchObject({ state: 'open' });
    await uses[noun](id, null!);
    expect(await read(id)).toMatchObject({ state: 'used' });
  },
);

describe('the state of an upload', () => {
  test('is open until it is used or expires', async () => {
    const id = await send(slug);
    expect(await read(id)).toEqual({
      id,
      portfolio,
      state: 'open',
      threat: null,
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
    });
    await platform.sql`update uploads set created_at = now() - interval '2 hours', expires_at = now() where id = ${id}`;
    expect(await read(id)).toMatchObject({ state: 'expired' });
  });

  test('is shown to members of its portfolio only', async () => {
    const id = await send(slug);
    await expect(
      operations.upload.read.run(platform.as(user('other')), { portfolio, id }),
    ).rejects.toMatchObject({ code: 'not_found' });
    await operations.portfolio.create.run(platform.as(owner), { slug: 'second', name: 'Second' });
    await expect(
      operations.upload.read.run(platform.as(owner), { portfolio: 'second', id }),
    ).rejects.toMatchObject({ code: 'not_found' });
  });
});
