import { useMe } from '../me.ts';
import { Link } from '../router.tsx';
import type { Me } from '../types.ts';
import { Loaded } from '../ui/loaded.tsx';
import { PageHeading } from '../ui/page-heading.tsx';
import { Section } from '../ui/section.tsx';
import { roleWords } from '../ui/words.ts';
import { DeletedPortfolios } from './deleted-portfolios.tsx';
import { NewPortfolio } from './new-portfolio.tsx';

/** The portfolios of the signed-in person, those in the bin, and a form for a new one. */
export function PortfoliosPage() {
  const me = useMe();
  return (
    <>
      <PageHeading title="Portfolios">Portfolios</PageHeading>
      <Loaded query={me} failure="Your portfolios could not be loaded.">
        {(data) => (
          <>
            <PortfolioList me={data} />
            {data.kind === 'user' && <DeletedPortfolios />}
            {data.kind === 'user' && data.scopes.includes('portfolio:write') && (
              <Section title="New portfolio">
                <NewPortfolio />
              </Section>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}

function PortfolioList({ me }: { me: Me }) {
  if (me.portfolios.length === 0) {
    return (
      <section className="card empty">
        <h2>No portfolio yet</h2>
        <p>Ask an owner of a portfolio to invite you, or make one of your own.</p>
      </section>
    );
  }
  return (
    <>
      <ul className="card rows" aria-label="Portfolios">
        {me.portfolios.map(({ slug, name, role }) => (
          <li key={slug} className="row">
            <div className="row-main">
              <Link to={`/portfolios/${slug}`} className="row-title">
                {name}
              </Link>
              <p className="muted small-text">{slug}</p>
            </div>
            <p className="row-side muted">{role ? roleWords[role] : 'By its key'}</p>
          </li>
        ))}
      </ul>
      {me.more && (
        <p className="muted small-text">
          These are the first {me.portfolios.length}. The API lists all at <code>/api/v1/portfolios</code>.
        </p>
      )}
    </>
  );
}
