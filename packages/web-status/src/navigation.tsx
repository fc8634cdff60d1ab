import { Link, useAddress } from './router.tsx';

const places = [
  { to: '/', name: 'Jobs', isHere: (path: string) => path === '/' || path.startsWith('/jobs/') },
  { to: '/portfolios', name: 'Portfolios', isHere: (path: string) => path.startsWith('/portfolios') },
  { to: '/account', name: 'Account', isHere: (path: string) => path === '/account' },
];

/** The links to the parts of the site. */
export function Navigation() {
  const { pathname } = useAddress();
  return (
    <nav className="places" aria-label="Main">
      {places.map(({ to, name, isHere }) => (
        <Link key={to} to={to} aria-current={isHere(pathname) ? 'page' : undefined}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
