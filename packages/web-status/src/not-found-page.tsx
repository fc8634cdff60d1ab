import { Link } from './router.tsx';
import { PageHeading } from './ui/page-heading.tsx';

export function NotFoundPage() {
  return (
    <section className="card empty">
      <PageHeading title="Page not found">Page not found</PageHeading>
      <p>The address may be incorrect or incomplete.</p>
      <Link to="/" className="button">
        Go to all jobs
      </Link>
    </section>
  );
}
