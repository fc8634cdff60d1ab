import type { Ctx } from '@portfolio/core/context';
import type { Operation } from '@portfolio/core/operation';
import { Readable } from 'node:stream';

type Page = { items: unknown[]; nextCursor: string | null };

/** The largest page of any list. */
const limit = 100;

/**
 * All items of a list from its cursor on, as lines of JSON. The first page is read before the promise resolves, so that a
 * refusal has its status. A later error ends the stream early, which a client notices: the last chunk is missing.
 */
export async function readLines(operation: Operation, ctx: Ctx, input: object): Promise<Readable> {
  const read = (cursor?: string) =>
    operation.run(ctx, { ...input, limit, ...(cursor !== undefined && { cursor }) }) as Promise<Page>;
  const first = await read();
  async function* pages() {
    for (let page = first; ; page = await read(page.nextCursor)) {
      yield page.items.map((item) => `${JSON.stringify(item)}\n`).join('');
      if (page.nextCursor === null) return;
      ctx.signal.throwIfAborted();
    }
  }
  return Readable.from(pages(), { objectMode: false });
}
