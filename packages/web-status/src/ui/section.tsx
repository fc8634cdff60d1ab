import { type ReactNode, useId } from 'react';

/** A part of a page with its heading, and what it is about. */
export function Section({
  title,
  about,
  children,
}: {
  title: string;
  about?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="section">
      <h2 id={id}>{title}</h2>
      {about && <p className="muted about">{about}</p>}
      {children}
    </section>
  );
}
