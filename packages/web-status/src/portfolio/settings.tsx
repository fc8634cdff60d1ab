import { type SubmitEvent, useState } from 'react';
import { useAction } from '../action.ts';
import { useTRPCClient } from '../api.tsx';
import { navigate } from '../router.tsx';
import type { Me, Portfolio } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Section } from '../ui/section.tsx';
import { SlugField } from '../ui/slug-field.tsx';
import { TypedConfirmation } from '../ui/typed-confirmation.tsx';
import { count } from '../ui/words.ts';

const maxBinDays = 30;

/** What owners choose for a portfolio: its name and address, how long deleted items are kept; and its deletion. */
export function Settings({ portfolio, me }: { portfolio: Portfolio; me: Me }) {
  return (
    <>
      <Section title="Name, address and bin">
        <Profile portfolio={portfolio} />
      </Section>
      {me.kind === 'user' && <Delete portfolio={portfolio} />}
    </>
  );
}

function Profile({ portfolio }: { portfolio: Portfolio }) {
  const { slug, version } = portfolio;
  const api = useTRPCClient();
  const [newSlug, setNewSlug] = useState(slug);
  const update = useAction(api.portfolio.update.mutate, {
    onDone: (updated) =>
      updated.slug !== slug && navigate(`/portfolios/${updated.slug}/settings`, { replace: true }),
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    update.mutate({
      portfolio: slug,
      name: form.get('name') as string,
      newSlug: newSlug === slug ? undefined : newSlug,
      binDays: Number(form.get('binDays')),
      expectedVersion: version,
    });
  }

  return (
    <form className="card panel settings" onSubmit={submit}>
      <label>
        Name
        <input name="name" defaultValue={portfolio.name} required maxLength={200} autoComplete="off" />
      </label>
      <SlugField label="Address" value={newSlug} onChange={setNewSlug} />
      {newSlug !== slug && (
        <p className="muted small-text">
          Links with the address {slug} continue to work: they are redirected.
        </p>
      )}
      <label>
        Days in the bin
        <input
          name="binDays"
          type="number"
          min={0}
          max={maxBinDays}
          required
          defaultValue={portfolio.binDays}
          aria-describedby="bin-days-hint"
        />
      </label>
      <p id="bin-days-hint" className="muted small-text">
        How long what is deleted can be undeleted; 0 for not at all. It applies to what is deleted from now
        on.
      </p>
      <div className="buttons">
        <button type="submit" className="button primary" disabled={update.isPending}>
          {update.isPending ? 'Saving…' : 'Save'}
        </button>
        {update.isSuccess && <output className="muted">Saved.</output>}
      </div>
      <ActionProblem error={update.error} />
    </form>
  );
}

function Delete({ portfolio: { slug, name, binDays, version } }: { portfolio: Portfolio }) {
  const api = useTRPCClient();
  const remove = useAction(
    () => api.portfolio.delete.mutate({ portfolio: slug, confirm: slug, expectedVersion: version }),
    { onDone: () => navigate('/portfolios') },
  );
  return (
    <Section title="Delete this portfolio">
      <div className="card panel">
        <TypedConfirmation words="Delete the portfolio" expected={slug} action={remove}>
          {name} will be hidden from everybody, and its jobs cancelled.{' '}
          {binDays === 0
            ? 'The bin keeps nothing, so this cannot be undone.'
            : `It stays in the bin for ${count(binDays, 'day')}, from where owners can undelete it.`}
        </TypedConfirmation>
      </div>
    </Section>
  );
}
