import { type SubmitEvent, useState } from 'react';
import { useAction } from '../action.ts';
import { useTRPCClient } from '../api.tsx';
import { navigate } from '../router.tsx';
import { slugOf } from '../slug.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { SlugField } from '../ui/slug-field.tsx';

/** Makes a portfolio, whose owner is who makes it. */
export function NewPortfolio() {
  const api = useTRPCClient();
  const [name, setName] = useState('');
  const [typedSlug, setTypedSlug] = useState<string>();
  const slug = typedSlug ?? slugOf(name);
  const create = useAction(api.portfolio.create.mutate, {
    onDone: (made) => navigate(`/portfolios/${made.slug}`),
  });

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    create.mutate({ name, slug });
  }

  return (
    <form className="card panel fields" onSubmit={submit}>
      <label>
        Name
        <input
          value={name}
          required
          maxLength={200}
          autoComplete="off"
          onChange={({ target }) => setName(target.value)}
        />
      </label>
      <SlugField label="Address" value={slug} onChange={setTypedSlug} />
      <button type="submit" className="button" disabled={create.isPending}>
        Create
      </button>
      <ActionProblem error={create.error} />
    </form>
  );
}
