import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';
import { accessTo } from '../access.ts';
import { useTRPC, useTRPCClient } from '../api.tsx';
import { useMe } from '../me.ts';
import { Link, navigate } from '../router.tsx';
import { ActionProblem } from '../ui/action-problem.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { allPages } from '../all-pages.ts';

/** Requests a PDF of a case study and navigates to the page of its job. */
export function NewExport() {
  const [chosenPortfolio, choosePortfolio] = useState<string>();
  const [slug, chooseSlug] = useState('');
  const portfolios = usePortfolios();
  const portfolio = chosenPortfolio ?? portfolios.data?.[0]?.slug;
  const studies = useCaseStudies(portfolio);
  const request = useRequestExport();

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    if (portfolio) request.mutate({ portfolio, slug });
  }

  const failed = [portfolios, studies].find(({ isError }) => isError);
  return (
    <form className="card new-export" aria-labelledby="new-export" onSubmit={submit}>
      <h2 id="new-export">New export</h2>
      <div className="new-export-fields">
        <label>
          Portfolio
          <select
            required
            value={portfolio ?? ''}
            disabled={!portfolios.data?.length}
            onChange={({ target }) => {
              choosePortfolio(target.value);
              chooseSlug('');
            }}
          >
            {!portfolio && <option value="">{portfolios.isPending ? 'Loading…' : 'None yet'}</option>}
            {portfolios.data?.map((each) => (
              <option key={each.slug} value={each.slug}>
                {each.name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Case study
          <select
            required
            value={slug}
            disabled={!studies.data?.length}
            onChange={({ target }) => chooseSlug(target.value)}
          >
            <option value="">{placeholder(studies, portfolios)}</option>
            {studies.data?.map((study) => (
              <option key={study.slug} value={study.slug}>
                {study.title}
                {study.status === 'draft' && ' (draft)'}
              </option>
            ))}
          </select>
        </label>
        <button
          type="submit"
          className="button primary"
          disabled={!studies.data?.length || request.isPending}
        >
          {request.isPending ? 'Requesting…' : 'Export PDF'}
        </button>
      </div>
      {portfolios.data?.length === 0 && (
        <p className="muted small-text">
          There is no portfolio yet in which you may export. <Link to="/portfolios">Create one</Link>, import
          a folder of Markdown files with <code>npm run import</code>, or ask an owner to invite you.
        </p>
      )}
      {failed && (
        <ProblemNotice
          what="The case studies could not be loaded."
          error={failed.error}
          onRetry={() => void failed.refetch()}
        />
      )}
      <ActionProblem error={request.error} />
    </form>
  );
}

/** The portfolios in which the caller may start exports: the list has those of others that are public as well. */
function usePortfolios() {
  const trpc = useTRPC();
  const api = useTRPCClient();
  const { data: me } = useMe();
  return useQuery({
    queryKey: [...trpc.portfolio.list.queryKey(), 'all'],
    queryFn: () => allPages((cursor) => api.portfolio.list.query({ limit: 100, cursor })),
    select: (all) => all.filter(({ slug }) => accessTo(slug, me!)?.may('job:write')),
    enabled: me !== undefined,
  });
}

function useCaseStudies(portfolio: string | undefined) {
  const trpc = useTRPC();
  const api = useTRPCClient();
  return useQuery({
    queryKey: [...trpc.caseStudy.list.queryKey(), 'all', portfolio],
    queryFn: () =>
      allPages((cursor) => api.caseStudy.list.query({ portfolio: portfolio!, limit: 100, cursor })),
    enabled: portfolio !== undefined,
  });
}

function useRequestExport() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.caseStudy.export.mutationOptions({
      onSuccess(job) {
        queryClient.setQueryData(trpc.job.read.queryKey({ id: job.id }), job);
        navigate(`/jobs/${job.id}`);
      },
    }),
  );
}

type Listing = { data: unknown[] | undefined; isFetching: boolean };

function placeholder(studies: Listing, portfolios: Listing): string {
  if (studies.data?.length) return 'Choose…';
  return studies.isFetching || portfolios.isFetching ? 'Loading…' : 'None yet';
}
