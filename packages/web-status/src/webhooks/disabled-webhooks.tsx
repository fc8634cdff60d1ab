import { useQuery } from '@tanstack/react-query';
import { useTRPC } from '../api.tsx';
import { disabledWords } from '../ui/words.ts';

/** Tells owners which of their webhooks get no messages. Shows nothing to who may not read webhooks. */
export function DisabledWebhooks() {
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.webhook.disabled.queryOptions({ limit: 100 }),
    refetchInterval: 60_000,
  });
  if (!data?.items.length) return null;
  return (
    <section className="notice warning" aria-labelledby="disabled-webhooks">
      <h2 id="disabled-webhooks">Disabled webhooks get no messages</h2>
      <ul>
        {data.items.map((webhook) => (
          <li key={webhook.id}>{disabledWords(webhook)}</li>
        ))}
      </ul>
      <p className="small-text">An owner can enable them again by the API.</p>
    </section>
  );
}
