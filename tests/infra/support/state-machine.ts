import jsonata from 'jsonata';

/** A state of Amazon States Language, as far as ours use it. */
type State = {
  Type: 'Task' | 'Wait' | 'Choice' | 'Succeed' | 'Fail';
  Resource?: string;
  Arguments?: unknown;
  Output?: unknown;
  Choices?: { Condition: string; Next: string }[];
  Default?: string;
  Catch?: { ErrorEquals: string[]; Next: string }[];
  Next?: string;
};
export type StateMachine = { StartAt: string; States: Record<string, State> };

/** Does what a task asks for; one that throws fails with the error of that name. */
export type Service = (action: string, args: Record<string, unknown>) => unknown;

const bound = 100;

/**
 * Runs a state machine whose expressions are JSONata, and gives the last of its states. Waits take no time, and nothing
 * is tried again.
 */
export async function runStateMachine({ StartAt, States }: StateMachine, service: Service): Promise<string> {
  const context = { Execution: { Name: '0a1b2c3d-1111-2222-3333-444455556666' } };
  let name = StartAt;
  let input: unknown = {};
  for (let step = 0; step < bound; step++) {
    const state = States[name]!;
    if (state.Type === 'Succeed' || state.Type === 'Fail') return name;
    if (state.Type === 'Task') {
      const args = (await evaluated(state.Arguments, { input, context })) as Record<string, unknown>;
      try {
        const result = service(state.Resource!.split(':').at(-1)!, args);
        input = state.Output ? await evaluated(state.Output, { input, context, result }) : result;
      } catch (error) {
        const { name: thrown } = error as Error;
        const caught = state.Catch?.find(({ ErrorEquals }) => ErrorEquals.includes(thrown));
        if (!caught) throw error;
        name = caught.Next;
        continue;
      }
    }
    name = (await chosen(state, { input, context })) ?? state.Next!;
  }
  throw new Error(`It does not end within ${bound} steps.`);
}

async function chosen({ Choices = [], Default }: State, states: object): Promise<string | undefined> {
  for (const { Condition, Next } of Choices) if (await evaluated(Condition, states)) return Next;
  return Default;
}

/** A value with its expressions evaluated; as in AWS, one that gives nothing is an error. */
async function evaluated(value: unknown, states: object): Promise<unknown> {
  if (typeof value === 'string') {
    const [, expression] = /^\{%(.*)%\}$/s.exec(value) ?? [];
    if (expression === undefined) return value;
    const result: unknown = await jsonata(expression).evaluate({}, { states });
    if (result === undefined) throw new Error(`Nothing comes of ${expression}.`);
    return result;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, inner]) => [key, await evaluated(inner, states)]);
  return Object.fromEntries(await Promise.all(entries));
}
