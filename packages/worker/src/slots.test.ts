import { ofEachKind } from '@portfolio/core/job/kinds';
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { createSlots } from './slots.ts';

const never = new AbortController().signal;
const slotsOf = (exports: number) => createSlots({ ...ofEachKind(() => 1), 'export.pdf': exports });
const turn = () => new Promise(setImmediate);

test('a kind has a fixed number of slots, and a released one can be taken again', () => {
  const slots = slotsOf(2);
  slots.take('export.pdf');
  slots.take('export.pdf');
  expect(slots.of('export.pdf')).toBe(0);
  expect(slots.of('evidence.sync')).toBe(1);
  slots.release('export.pdf');
  expect(slots.of('export.pdf')).toBe(1);
});

test('a free slot is available immediately, and another one when it is released', async () => {
  const slots = slotsOf(1);
  await slots.available('export.pdf', never);
  slots.take('export.pdf');
  let isAvailable = false;
  const available = slots.available('export.pdf', never).then(() => (isAvailable = true));
  slots.take('evidence.sync');
  slots.release('evidence.sync');
  await turn();
  expect(isAvailable).toBe(false);
  slots.release('export.pdf');
  await available;
});

test('a slot that was taken again in the meantime is not available', async () => {
  const slots = slotsOf(1);
  slots.take('export.pdf');
  let isAvailable = false;
  const available = slots.available('export.pdf', never).then(() => (isAvailable = true));
  slots.release('export.pdf');
  slots.take('export.pdf');
  await turn();
  expect(isAvailable).toBe(false);
  slots.release('export.pdf');
  await available;
});

test('a stop ends the wait for a slot, and none is waited for after it', async () => {
  const slots = slotsOf(0);
  const stop = new AbortController();
  const available = slots.available('export.pdf', stop.signal);
  stop.abort();
  await available;
  await slots.available('export.pdf', stop.signal);
  expect(slots.of('export.pdf')).toBe(0);
});

test('waiting for slots leaves no listeners behind', async () => {
  const slots = slotsOf(1);
  const stop = new AbortController();
  for (let times = 0; times < 5; times++) {
    slots.take('export.pdf');
    const available = slots.available('export.pdf', stop.signal);
    slots.release('export.pdf');
    await available;
  }
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
});
