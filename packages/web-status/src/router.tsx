import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react';

/** True once the reader went from one page to another: from then on a new page takes the focus. */
export let hasNavigated = false;

function subscribe(onChange: () => void) {
  const listener = () => {
    hasNavigated = true;
    onChange();
  };
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}

/** The address within the site, such as `/jobs/job_…` or `/?state=failed`. */
export function useAddress(): URL {
  return new URL(useSyncExternalStore(subscribe, () => location.href));
}

/** Goes to an address of this site without loading the page again. */
export function navigate(to: string) {
  const { pathname } = location;
  history.pushState(null, '', to);
  dispatchEvent(new PopStateEvent('popstate'));
  if (location.pathname !== pathname) scrollTo(0, 0);
}

type LinkProps = { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>;

/** A link within the site. Clicks that ask for a new tab or window are left to the browser. */
export function Link({ to, onClick, children, ...rest }: LinkProps) {
  function follow(event: MouseEvent<HTMLAnchorElement>) {
    onClick?.(event);
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  }
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
