import jsonata from 'jsonata';

/** A state in the Amazon States Language, limited to the supported fields. */
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

/** Executes a task. If it throws, the task fails with the error's name. */
export type Service = (action: string, args: Record<string, unknown>) => unknown;

const bound = 100;

/**
 * Runs a state machine with JSONata expressions, and returns its last state. Wait states take no time, and nothing is
 * retried. A model of AWS Step Functions, not the service itself.
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
  throw new Error(`The state machine did not end within ${bound} steps.`);
}

async function chosen({ Choices = [], Default }: State, states: object): Promise<string | undefined> {
  for (const { Condition, Next } of Choices) if (await evaluated(Condition, states)) return Next;
  return Default;
}

/** A value with its expressions evaluated. As in AWS, an expression without a result is an error. */
async function evaluated(value: unknown, states: object): Promise<unknown> {
  if (typeof value === 'string') {
    const [, expression] = /^\{%(.*)%\}$/s.exec(value) ?? [];
    if (expression === undefined) return value;
    const result: unknown = await jsonata(expression).evaluate({}, { states });
    if (result === undefined) throw new Error(`The expression ${expression} has no result.`);
    return result;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, inner]) => [key, await evaluated(inner, states)]);
  return Object.fromEntries(await Promise.all(entries));
}
