import { useQuery } from '@tanstack/react-query';
import { problemOf } from '@portfolio/api/client';
import { useTRPC } from '../api.tsx';
import { disabledWords } from '../ui/words.ts';

/**
 * Says which webhooks of an owner were disabled because of their receivers. Shows nothing to who may not read webhooks, and
 * none that somebody disabled by hand: that is no fault, and may be meant to last.
 */
export function DisabledWebhooks() {
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.webhook.disabled.queryOptions({ limit: 100 }),
    // Who may not read webhooks is not asked again.
    refetchInterval: ({ state }) => (problemOf(state.error)?.code === 'forbidden' ? false : 60_000),
  });
  const failed = data?.items.filter(({ disabledReason }) => disabledReason !== 'manual') ?? [];
  if (failed.length === 0) return null;
  return (
    <section className="notice warning" aria-labelledby="disabled-webhooks">
      <h2 id="disabled-webhooks">Disabled webhooks get no messages</h2>
      <ul>
        {failed.map((webhook) => (
          <li key={webhook.id}>{disabledWords(webhook)}</li>
        ))}
      </ul>
      <p className="small-text">An owner can enable them again by the API.</p>
    </section>
  );
}
