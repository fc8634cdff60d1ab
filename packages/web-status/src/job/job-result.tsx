import { useMutation } from '@tanstack/react-query';
import { useTRPCClient } from '../api.tsx';
import type { JobFile } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { DownloadIcon } from '../ui/icons.tsx';
import { count, fileSize } from '../ui/words.ts';

/** The file that a job produced, with its download. */
export function JobFilePanel({ id, result }: { id: string; result: JobFile }) {
  const api = useTRPCClient();
  const download = useMutation({
    mutationFn: () => api.job.result.query({ id }),
    // Browsers save the file of this link, so the page stays open.
    onSuccess: ({ url }) => location.assign(url),
  });
  return (
    <div className="result">
      <div className="result-file">
        <p className="file-name">{result.fileName}</p>
        <p className="muted small-text facts">
          <span>{fileSize(result.sizeBytes)}</span>
          {result.pages !== null && <span>{count(result.pages, 'page')}</span>}
          <span className="checksum">
            SHA-256 <code title={result.sha256}>{result.sha256.slice(0, 12)}…</code>
            <CopyButton text={result.sha256} what="SHA-256" />
          </span>
        </p>
      </div>
      {result.deletedAt !== undefined ? (
        <p>The file was deleted.</p>
      ) : (
        <button
          type="button"
          className="button primary"
          disabled={download.isPending}
          onClick={() => download.mutate()}
        >
          <DownloadIcon />
          {result.contentType === 'application/pdf' ? 'Download PDF' : 'Download file'}
        </button>
      )}
      <ActionProblem error={download.error} />
    </div>
  );
}
