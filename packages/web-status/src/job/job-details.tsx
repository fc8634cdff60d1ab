import type { ReactNode } from 'react';
import type { Job } from '../types.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Ago } from '../ui/time.tsx';
import { kindWords } from '../ui/words.ts';

/** What was asked for, by whom and when. */
export function JobDetails({ job }: { job: Job }) {
  return (
    <section aria-labelledby="details">
      <h2 id="details">Details</h2>
      <dl className="card details">
        <Detail name="Kind">{kindWords[job.kind]}</Detail>
        <Detail name="Portfolio">{job.portfolio}</Detail>
        <Detail name="Asked for">
          <Ago at={job.createdAt} />
        </Detail>
        <Detail name="Asked for by">{job.requestedBy}</Detail>
        <Detail name="Job id">
          <code>{job.id}</code>
          <CopyButton text={job.id} what="job id" />
        </Detail>
      </dl>
    </section>
  );
}

function Detail({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
