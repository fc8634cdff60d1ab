import type { SubmitEvent } from 'react';
import { useAction } from '../action.ts';
import { useTRPCClient } from '../api.tsx';
import type { Me } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Section } from '../ui/section.tsx';

/** The name by which other members see the person. */
export function DisplayName({ me }: { me: Me }) {
  const api = useTRPCClient();
  const update = useAction(api.me.update.mutate);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = (new FormData(event.currentTarget).get('name') as string).trim();
    update.mutate({ name: name === '' ? null : name });
  }

  return (
    <Section title="Name" about="Other members see you by this name.">
      <form className="card panel fields" onSubmit={submit}>
        <label>
          Display name
          <input name="name" defaultValue={me.name ?? ''} maxLength={100} autoComplete="name" />
        </label>
        <button type="submit" className="button" disabled={update.isPending}>
          {update.isPending ? 'Saving…' : 'Save'}
        </button>
        {update.isSuccess && <output className="muted hint">Saved.</output>}
        <ActionProblem error={update.error} />
      </form>
    </Section>
  );
}
