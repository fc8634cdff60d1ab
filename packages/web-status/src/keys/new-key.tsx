import { type SubmitEvent, useState } from 'react';
import { useAction } from '../action.ts';
import type { Scope } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';
import { endOfKey } from './key-state.ts';

type Wanted = { name: string; scopes: Scope[]; expiresAt: string | null };
type Choice = 'read' | 'all' | 'some';

type Props = {
  /** The permissions that the key can get. */
  scopes: readonly Scope[];
  create: (wanted: Wanted) => Promise<{ id: string; secret: string }>;
};

/** Makes a key and shows its secret once. */
export function NewKey({ scopes, create }: Props) {
  const [choice, setChoice] = useState<Choice>('read');
  const make = useAction(create);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const days = form.get('days') as string;
    make.mutate({
      name: form.get('name') as string,
      scopes: chosenScopes(choice, scopes, form.getAll('scope') as Scope[]),
      expiresAt: endOfKey(days === '' ? null : Number(days), Date.now()),
    });
  }

  return (
    <>
      {make.data && (
        <ShownOnce
          key={make.data.id}
          label="Secret of the new key"
          secret={make.data.secret}
          what="secret"
          onClose={make.reset}
        >
          This secret is shown only now. Programs send it in the header Authorization, after “Bearer”.
        </ShownOnce>
      )}
      <form key={make.data?.id} className="card panel fields new-key" onSubmit={submit}>
        <label>
          What the key is for
          <input name="name" required maxLength={100} autoComplete="off" />
        </label>
        <label>
          It may
          <select value={choice} onChange={({ target }) => setChoice(target.value as Choice)}>
            <option value="read">read everything</option>
            <option value="all">do everything</option>
            <option value="some">do what I choose</option>
          </select>
        </label>
        <label>
          It ends
          <select name="days" defaultValue="90">
            <option value="7">in 7 days</option>
            <option value="30">in 30 days</option>
            <option value="90">in 90 days</option>
            <option value="364">in a year</option>
            <option value="">never</option>
          </select>
        </label>
        <button type="submit" className="button" disabled={make.isPending}>
          {make.isPending ? 'Making the key…' : 'Make a key'}
        </button>
        {choice === 'some' && <ScopeChoice scopes={scopes} />}
        <ActionProblem error={make.error} />
      </form>
    </>
  );
}

function ScopeChoice({ scopes }: { scopes: readonly Scope[] }) {
  return (
    <fieldset className="scopes">
      <legend className="muted small-text">Permissions</legend>
      {scopes.map((scope) => (
        <label key={scope} className="checkbox">
          <input type="checkbox" name="scope" value={scope} />
          {scope}
        </label>
      ))}
    </fieldset>
  );
}

function chosenScopes(choice: Choice, offered: readonly Scope[], chosen: readonly Scope[]): Scope[] {
  if (choice === 'some') return [...chosen];
  return offered.filter((scope) => choice === 'all' || scope.endsWith(':read'));
}
