import { problemOf } from '@portfolio/api/client';
import { useQuery } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { useAction } from '../action.ts';
import type { Access } from '../access.ts';
import { allPages } from '../all-pages.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import type { BinnedCaseStudy, Portfolio } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { Section } from '../ui/section.tsx';
import { SlugField } from '../ui/slug-field.tsx';
import { MinuteTime } from '../ui/time.tsx';
import { TypedConfirmation } from '../ui/typed-confirmation.tsx';

/** The deleted case studies of a portfolio that can still be undeleted. */
export function DeletedCaseStudies({
  portfolio: { slug },
  access,
}: {
  portfolio: Portfolio;
  access: Access;
}) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  const list = useQuery({
    queryKey: [...trpc.caseStudy.bin.queryKey(), 'all', slug],
    queryFn: () => allPages((cursor) => api.caseStudy.bin.query({ portfolio: slug, limit: 100, cursor })),
  });
  return (
    <Section title="Deleted case studies">
      <Loaded query={list} failure="The bin could not be loaded.">
        {(studies) =>
          studies.length === 0 ? (
            <p className="card panel muted">The bin is empty.</p>
          ) : (
            <ul className="card rows" aria-label="Deleted case studies">
              {studies.map((study) => (
                <DeletedCaseStudy key={study.id} study={study} mayPurge={access.may('portfolio:write')} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function DeletedCaseStudy({ study, mayPurge }: { study: BinnedCaseStudy; mayPurge: boolean }) {
  const { portfolio, id, slug, title, status, purgeAt } = study;
  const api = useTRPCClient();
  const undelete = useAction((newSlug?: string) => api.caseStudy.undelete.mutate({ portfolio, id, newSlug }));
  const purge = useAction(() => api.caseStudy.purge.mutate({ portfolio, id }));
  return (
    <li className="row">
      <div className="row-main">
        <p className="row-title">{title}</p>
        <p className="muted small-text facts">
          <span>{slug}</span>
          <span>{status}</span>
          <span>
            deleted for good on <MinuteTime at={purgeAt} />
          </span>
        </p>
      </div>
      <div className="row-actions">
        <button
          type="button"
          className="button"
          disabled={undelete.isPending}
          onClick={() => undelete.mutate(undefined)}
        >
          Undelete <span className="visually-hidden">{title}</span>
        </button>
        {mayPurge && (
          <TypedConfirmation words="Delete for good" what={title} expected={slug} action={purge}>
            “{title}” is deleted now, with its revisions, claims and PDFs. This cannot be undone.
          </TypedConfirmation>
        )}
        {problemOf(undelete.error)?.code === 'conflict' ? (
          <OtherAddress
            slug={undelete.variables ?? slug}
            isPending={undelete.isPending}
            onChosen={(newSlug) => undelete.mutate(newSlug)}
          />
        ) : (
          <ActionProblem error={undelete.error} />
        )}
      </div>
    </li>
  );
}

/** Asks for another address, where something else has the one that the case study had. */
function OtherAddress({
  slug: taken,
  isPending,
  onChosen,
}: {
  slug: string;
  isPending: boolean;
  onChosen: (slug: string) => void;
}) {
  const [slug, setSlug] = useState('');
  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    onChosen(slug);
  }
  return (
    <form className="settings" onSubmit={submit}>
      <p className="field-problem" role="alert">
        Another case study has the address {taken} now. Choose one for this case study.
      </p>
      <SlugField label="Other address" value={slug} onChange={setSlug} />
      <div className="buttons">
        <button type="submit" className="button" disabled={isPending}>
          Undelete with this address
        </button>
      </div>
    </form>
  );
}
