import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anonymous } from '../actor.ts';
import { operations } from '../index.ts';
import { type StudyScene, studyScene } from './testing.ts';

const { caseStudy } = operations;

let scene: StudyScene;
beforeAll(async () => {
  scene = await studyScene();
});
afterAll(() => scene.stop());

describe('publishing', () => {
  test('lets everybody read the study, and the list show it without its text', async () => {
    const { portfolio } = scene;
    await scene.create('public', { body: 'For all.', claims: [{ key: 'a', statement: 'It is.' }] });
    await expect(scene.read('public', anonymous)).rejects.toMatchObject({ code: 'not_found' });
    const published = await scene.publish('public');
    expect(published).toMatchObject({ status: 'published', publishedAt: published.updatedAt });
    expect(await scene.read('public', anonymous)).toEqual(published);
    const { items } = await caseStudy.list.run(scene.as(anonymous), { portfolio });
    const { body: _, claims: __, artifacts: ___, ...item } = published;
    expect(items).toEqual([{ ...item, claimCount: 1 }]);
  });

  test('again changes nothing', async () => {
    await scene.create('twice');
    const first = await scene.publish('twice');
    expect(await scene.publish('twice')).toEqual(first);
  });
});
