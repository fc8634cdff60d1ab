import { Link } from './router.tsx';
import { PageHeading } from './ui/page-heading.tsx';

export function NotFoundPage() {
  return (
    <section className="card empty">
      <PageHeading title="Page not found">There is no such page</PageHeading>
      <p>The address may be mistyped or cut off.</p>
      <Link to="/" className="button">
        Go to all jobs
      </Link>
    </section>
  );
}
