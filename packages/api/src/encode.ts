import type { Tracked } from '@portfolio/core/stream';

/** Request ids that differ between connections are not worth remembering. */
const maxFrames = 16;

type Encoded = { json: string; frames: Map<string, Buffer>; event: Buffer | undefined };
const known = new WeakMap<Tracked<unknown>, Encoded>();

function encode(item: Tracked<unknown>): Encoded {
  let encoded = known.get(item);
  if (encoded === undefined) {
    encoded = { json: JSON.stringify(item.data), frames: new Map(), event: undefined };
    known.set(item, encoded);
  }
  return encoded;
}

/** The message of tRPC with an item, after the beginning that names its request. All with that beginning share it. */
export function messageOf(item: Tracked<unknown>, beginning: string): Buffer {
  const { json, frames } = encode(item);
  const frame = frames.get(beginning);
  if (frame) return frame;
  const id = JSON.stringify(item.cursor);
  const text = `${beginning}"result":{"type":"data","id":${id},"data":{"id":${id},"data":${json}}}}`;
  const made = Buffer.from(text);
  if (frames.size < maxFrames) frames.set(beginning, made);
  return made;
}

/** An item as a server-sent event (WHATWG HTML, 9.2). */
export function eventOf(item: Tracked<unknown>): Buffer {
  const encoded = encode(item);
  encoded.event ??= Buffer.from(`id: ${item.cursor}\ndata: ${encoded.json}\n\n`);
  return encoded.event;
}
