import type { Job } from '../types.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Detail } from '../ui/detail.tsx';
import { Ago } from '../ui/time.tsx';
import { kindWords } from '../ui/words.ts';

/** The kind of a job, its portfolio, and who requested it when. */
export function JobDetails({ job }: { job: Job }) {
  return (
    <section aria-labelledby="details">
      <h2 id="details">Details</h2>
      <dl className="card details">
        <Detail name="Kind">{kindWords[job.kind]}</Detail>
        <Detail name="Portfolio">{job.portfolio}</Detail>
        <Detail name="Requested">
          <Ago at={job.createdAt} />
        </Detail>
        <Detail name="Requested by">{job.requestedBy}</Detail>
        <Detail name="Job ID">
          <code>{job.id}</code>
          <CopyButton text={job.id} what="job ID" />
        </Detail>
        {job.traceId && (
          <Detail name="Trace ID">
            <code>{job.traceId}</code>
            <CopyButton text={job.traceId} what="trace ID" />
          </Detail>
        )}
      </dl>
    </section>
  );
}
