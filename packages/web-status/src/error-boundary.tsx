import { Component, type ReactNode } from 'react';

/** Instead of a blank page: says that showing this one failed, and offers to load it again. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <section className="card empty" role="alert">
        <h1>This page could not be shown</h1>
        <p>Something in the page itself failed. Your jobs are not affected.</p>
        <button type="button" className="button" onClick={() => location.reload()}>
          Load the page again
        </button>
      </section>
    );
  }
}
