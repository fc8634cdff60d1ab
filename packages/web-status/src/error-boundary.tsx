import { Component, type ReactNode } from 'react';

/** Shows an error and a button to reload the page where rendering fails. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <section className="card empty" role="alert">
        <h1>This page could not be displayed</h1>
        <p>The page failed with an unexpected error. Your jobs are not affected.</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </section>
    );
  }
}
