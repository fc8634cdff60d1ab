import { useQuery } from '@tanstack/react-query';
import { useAction } from '../action.ts';
import { allPages } from '../all-pages.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import { navigate } from '../router.tsx';
import type { BinnedPortfolio } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Section } from '../ui/section.tsx';
import { MinuteTime } from '../ui/time.tsx';
import { TypedConfirmation } from '../ui/typed-confirmation.tsx';

/** The deleted portfolios that their owner can still undelete; nothing if there are none. */
export function DeletedPortfolios() {
  const trpc = useTRPC();
  const api = useTRPCClient();
  const { data } = useQuery({
    queryKey: [...trpc.portfolio.bin.queryKey(), 'all'],
    queryFn: () => allPages((cursor) => api.portfolio.bin.query({ limit: 100, cursor })),
  });
  if (!data?.length) return null;
  return (
    <Section title="Bin" about="These portfolios are hidden from everybody. Owners can still undelete them.">
      <ul className="card rows">
        {data.map((portfolio) => (
          <DeletedPortfolio key={portfolio.id} portfolio={portfolio} />
        ))}
      </ul>
    </Section>
  );
}

function DeletedPortfolio({ portfolio: { slug, name, purgeAt } }: { portfolio: BinnedPortfolio }) {
  const api = useTRPCClient();
  const undelete = useAction(() => api.portfolio.undelete.mutate({ portfolio: slug }), {
    onDone: () => navigate(`/portfolios/${slug}`),
  });
  const purge = useAction(() => api.portfolio.purge.mutate({ portfolio: slug, confirm: slug }));
  return (
    <li className="row">
      <div className="row-main">
        <p className="row-title">{name}</p>
        <p className="muted small-text facts">
          <span>{slug}</span>
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
          onClick={() => undelete.mutate()}
        >
          Undelete <span className="visually-hidden">{name}</span>
        </button>
        <TypedConfirmation words="Delete for good" what={name} expected={slug} action={purge}>
          All of {name} is deleted now: its case studies, evidence, files, PDFs and audit log. This cannot be
          undone.
        </TypedConfirmation>
        <ActionProblem error={undelete.error} />
      </div>
    </li>
  );
}
