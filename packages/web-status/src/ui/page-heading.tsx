import { type ReactNode, useEffect, useRef } from 'react';
import { hasNavigated } from '../router.tsx';

/** The heading of a page. It sets the title of the tab, and takes the focus after a navigation within the site. */
export function PageHeading({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useDocumentTitle(title);
  useEffect(() => {
    if (hasNavigated) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

export function useDocumentTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Portfolio jobs`;
  }, [title]);
}
