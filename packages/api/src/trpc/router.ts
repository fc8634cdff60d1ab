import { operations } from '@portfolio/core';
import type { AnyOperation, Operation, StreamOperation } from '@portfolio/core/operation';
import { mutation, query, router, subscription } from './procedures.ts';

type ProcedureOf<T> =
  T extends Operation<'query', infer I, infer O>
    ? ReturnType<typeof query<I, O>>
    : T extends Operation<'mutation', infer I, infer O>
      ? ReturnType<typeof mutation<I, O>>
      : T extends StreamOperation<infer I, infer O>
        ? ReturnType<typeof subscription<I, O>>
        : never;

type Procedures<Nouns> = {
  [Noun in keyof Nouns]: { [Verb in keyof Nouns[Noun]]: ProcedureOf<Nouns[Noun][Verb]> };
};

function procedureOf(operation: AnyOperation) {
  if (operation.kind === 'subscription') return subscription(operation);
  return operation.kind === 'query'
    ? query(operation as Operation<'query'>)
    : mutation(operation as Operation<'mutation'>);
}

const mapValues = <In, Out>(record: Record<string, In>, change: (value: In) => Out): Record<string, Out> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));

/** Every operation as a tRPC procedure, addressed by its noun and verb. */
export const appRouter = router(
  mapValues(operations, (verbs) => mapValues(verbs, procedureOf)) as Procedures<typeof operations>,
);

export type AppRouter = typeof appRouter;
