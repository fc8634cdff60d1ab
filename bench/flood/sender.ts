/** Sends floods, in a process of its own. */
import { serve } from '../jobs/serve.ts';
import { type RowId, findRow } from './rows.ts';
import { type Sent, Tally, type Target } from './target.ts';

export type Order = { id: RowId; target: Target };

serve({
  /** What has to come before the flood of a row, and is not measured. */
  async prepare({ id, target }: Order) {
    await findRow(id).prepare?.(target);
  },
  async send({ id, target }: Order): Promise<Sent> {
    const tally = new Tally();
    await findRow(id).flood(target, tally);
    const { answers, bodyBytes } = tally;
    return { answers, bodyBytes };
  },
});
