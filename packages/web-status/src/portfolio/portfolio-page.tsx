import { problemOf } from '@portfolio/api/client';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect } from 'react';
import { useTRPC } from '../api.tsx';
import { type Access, accessTo } from '../access.ts';
import { useMe } from '../me.ts';
import { NotFoundPage } from '../not-found-page.tsx';
import { Link, navigate } from '../router.tsx';
import type { Me, Portfolio, Scope } from '../types.ts';
import { BackIcon } from '../ui/icons.tsx';
import { CardSkeleton, Loaded } from '../ui/loaded.tsx';
import { PageHeading } from '../ui/page-heading.tsx';
import { DeletedCaseStudies } from './deleted-case-studies.tsx';
import { Members } from './members.tsx';
import { PortfolioKeys } from './portfolio-keys.tsx';
import { Settings } from './settings.tsx';

type PartProps = { portfolio: Portfolio; access: Access; me: Me };
type Part = { path: string; name: string; scope: Scope; render: (props: PartProps) => ReactNode };

const parts: readonly Part[] = [
  { path: '', name: 'Members', scope: 'portfolio:read', render: (props) => <Members {...props} /> },
  { path: '/keys', name: 'Keys', scope: 'api-key:read', render: (props) => <PortfolioKeys {...props} /> },
  {
    path: '/settings',
    name: 'Settings',
    scope: 'portfolio:write',
    render: (props) => <Settings {...props} />,
  },
  {
    path: '/bin',
    name: 'Bin',
    scope: 'case-study:write',
    render: (props) => <DeletedCaseStudies {...props} />,
  },
];

/** A portfolio for its members: who they are, its keys, settings and bin, as far as the role allows. */
export function PortfolioPage({ slug, path }: { slug: string; path: string }) {
  const trpc = useTRPC();
  const me = useMe();
  const read = useQuery(trpc.portfolio.read.queryOptions({ portfolio: slug }));
  const problem = problemOf(read.error);
  const movedTo = problem?.code === 'moved' ? problem.moved?.to : undefined;
  useEffect(() => {
    if (movedTo) navigate(`/portfolios/${movedTo}${path}`, { replace: true });
  }, [movedTo, path]);

  if (movedTo) return null;
  if (problem?.code === 'not_found' || problem?.code === 'invalid_input') return <UnknownPortfolio />;
  return (
    <>
      <Link to="/portfolios" className="back-link">
        <BackIcon />
        All portfolios
      </Link>
      <Loaded query={me} failure="Who you are could not be loaded.">
        {(who) => (
          <Loaded query={read} failure="The portfolio could not be loaded.">
            {(portfolio) => (
              <MemberPage portfolio={portfolio} me={who} path={path} isChecking={me.isFetching} />
            )}
          </Loaded>
        )}
      </Loaded>
    </>
  );
}

type MemberProps = {
  portfolio: Portfolio;
  me: Me;
  path: string;
  /** True while it is read again whose member `me` is, as after joining. */
  isChecking: boolean;
};

function MemberPage({ portfolio, me, path, isChecking }: MemberProps) {
  const access = accessTo(portfolio.slug, me);
  if (!access) return isChecking ? <CardSkeleton /> : <UnknownPortfolio />;
  const allowed = parts.filter(({ scope }) => access.may(scope));
  const part = allowed.find((each) => each.path === path);
  if (!part) return <NotFoundPage />;
  return (
    <>
      <PageHeading title={`${part.name} · ${portfolio.name}`}>{portfolio.name}</PageHeading>
      {allowed.length > 1 && (
        <nav className="filter" aria-label="Portfolio">
          {allowed.map((each) => (
            <Link
              key={each.path}
              to={`/portfolios/${portfolio.slug}${each.path}`}
              aria-current={each === part ? 'page' : undefined}
            >
              {each.name}
            </Link>
          ))}
        </nav>
      )}
      {part.render({ portfolio, access, me })}
    </>
  );
}

function UnknownPortfolio() {
  return (
    <section className="card empty">
      <PageHeading title="Portfolio not found">Portfolio not found</PageHeading>
      <p>The address may be incorrect, or you are not a member of this portfolio.</p>
      <Link to="/portfolios" className="button">
        Go to your portfolios
      </Link>
    </section>
  );
}
