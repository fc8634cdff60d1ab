-- job_accept
with
  changed as (
    insert into
      jobs (
        id,
        portfolio_id,
        kind,
        title,
        state,
        group_key,
        priority,
        payload,
        requested_by,
        max_attempts,
        last_seq
      )
    values
      (:id, :portfolioId, :kind, :title, 'queued', :groupKey, :priority, :payload, :requestedBy, :maxAttempts, 1)
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'queued',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_acknowledge_cancel
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'cancelled'
      end,
      step = null,
      finished_at = now(),
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.id = :id
      and jobs.lease_token = :token
      and not jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'cancelled',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_any_cancellable
select
  id
from
  jobs
where
  jobs.portfolio_id = :portfolioId
  and (
    (
      jobs.kind = any (:kinds)
      and jobs.state = any (:states)
    )
    and coalesce(jobs.requested_by = :requestedBy, true)
    and (
      jobs.id >= :firstId
      and jobs.id < :lastId
      and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
      and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
    )
  )
  and jobs.state in ('queued', 'running')
  and jobs.cancel_requested_at is null
limit
  1;

-- job_any_retryable
select
  id
from
  jobs
where
  jobs.portfolio_id = :portfolioId
  and (
    (
      jobs.kind = any (:kinds)
      and jobs.state = any (:states)
    )
    and coalesce(jobs.requested_by = :requestedBy, true)
    and (
      jobs.id >= :firstId
      and jobs.id < :lastId
      and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
      and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
    )
  )
  and jobs.state in ('failed', 'cancelled', 'dead')
  and jobs.kind <> 'webhook.deliver'
limit
  1;

-- job_by_id
select
  json_build_object(
    'id',
    jobs.id,
    'portfolio',
    portfolios.slug,
    'kind',
    jobs.kind,
    'title',
    jobs.title,
    'state',
    jobs.state,
    'priority',
    (array['high', 'normal', 'low']) [jobs.priority + 1],
    'attempt',
    jobs.attempt,
    'maxAttempts',
    jobs.max_attempts,
    'progress',
    jobs.progress,
    'step',
    jobs.step,
    'result',
    jobs.result,
    'error',
    jobs.error,
    'requestedBy',
    jobs.requested_by,
    'lastSeq',
    jobs.last_seq,
    'retryAt',
    case
      when jobs.state = 'queued'
      and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    end,
    'stalled',
    case jobs.state
      when 'running' then jobs.lease_until < now()
      when 'queued' then jobs.run_at < now() - make_interval(secs => 300)
      else false
    end,
    'cancelRequestedAt',
    to_char(jobs.cancel_requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'createdAt',
    to_char(jobs.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'updatedAt',
    to_char(jobs.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'startedAt',
    to_char(jobs.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'finishedAt',
    to_char(jobs.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  )
from
  jobs
  inner join portfolios on portfolios.id = jobs.portfolio_id
where
  jobs.id = :id;

-- job_cancel
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'queued' then 'cancelled'
        when 'running' then 'running'
      end,
      finished_at = case jobs.state
        when 'queued' then now()
      end,
      cancel_requested_at = now()
    where
      jobs.state in ('queued', 'running')
      and jobs.id = :id
      and jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      case state
        when 'cancelled' then 'cancelled'
        else 'cancelling'
      end,
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_cancel_lost
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'cancelled'
      end,
      step = null,
      finished_at = now(),
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.id = any (
        array(
          select
            id
          from
            jobs
          where
            state = 'running'
            and lease_until < now()
            and not jobs.cancel_requested_at is null
          limit
            100
          for update
            skip locked
        )
      )
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'cancelled',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_cancel_many
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'queued' then 'cancelled'
        when 'running' then 'running'
      end,
      finished_at = case jobs.state
        when 'queued' then now()
      end,
      cancel_requested_at = now()
    where
      jobs.state in ('queued', 'running')
      and jobs.id = any (
        array(
          select
            jobs.id
          from
            jobs
          where
            jobs.portfolio_id = :portfolioId
            and (
              (
                jobs.kind = any (:kinds)
                and jobs.state = any (:states)
              )
              and coalesce(jobs.requested_by = :requestedBy, true)
              and (
                jobs.id >= :firstId
                and jobs.id < :lastId
                and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
                and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
              )
            )
            and jobs.state in ('queued', 'running')
            and jobs.cancel_requested_at is null
          order by
            jobs.id
          limit
            :limit
          for no key update
        )
      )
      and jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      case state
        when 'cancelled' then 'cancelled'
        else 'cancelling'
      end,
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_changes_after
select
  jobs.id,
  portfolios.slug,
  jobs.kind,
  jobs.title,
  jobs.state,
  (array['high', 'normal', 'low']) [jobs.priority + 1],
  jobs.attempt,
  jobs.max_attempts,
  jobs.progress,
  jobs.step,
  jobs.result,
  jobs.error,
  jobs.requested_by,
  jobs.last_seq,
  case
    when jobs.state = 'queued'
    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  end,
  case jobs.state
    when 'running' then jobs.lease_until < now()
    when 'queued' then jobs.run_at < now() - make_interval(secs => 300)
    else false
  end,
  to_char(jobs.cancel_requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  jobs.updated_at::text
from
  jobs
  inner join portfolios on portfolios.id = jobs.portfolio_id
where
  (
    jobs.portfolio_id = any (:own)
    and (jobs.updated_at, jobs.id) > (:at::timestamptz, :id)
  )
order by
  jobs.updated_at asc,
  jobs.id asc
limit
  500;

-- job_changes_newest
select
  jobs.id,
  portfolios.slug,
  jobs.kind,
  jobs.title,
  jobs.state,
  (array['high', 'normal', 'low']) [jobs.priority + 1],
  jobs.attempt,
  jobs.max_attempts,
  jobs.progress,
  jobs.step,
  jobs.result,
  jobs.error,
  jobs.requested_by,
  jobs.last_seq,
  case
    when jobs.state = 'queued'
    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  end,
  case jobs.state
    when 'running' then jobs.lease_until < now()
    when 'queued' then jobs.run_at < now() - make_interval(secs => 300)
    else false
  end,
  to_char(jobs.cancel_requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  jobs.updated_at::text
from
  jobs
  inner join portfolios on portfolios.id = jobs.portfolio_id
where
  jobs.portfolio_id = any (:own)
order by
  jobs.updated_at desc
limit
  20;

-- job_changes_since
select
  jobs.id,
  portfolios.slug,
  jobs.kind,
  jobs.title,
  jobs.state,
  (array['high', 'normal', 'low']) [jobs.priority + 1],
  jobs.attempt,
  jobs.max_attempts,
  jobs.progress,
  jobs.step,
  jobs.result,
  jobs.error,
  jobs.requested_by,
  jobs.last_seq,
  case
    when jobs.state = 'queued'
    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  end,
  case jobs.state
    when 'running' then jobs.lease_until < now()
    when 'queued' then jobs.run_at < now() - make_interval(secs => 300)
    else false
  end,
  to_char(jobs.cancel_requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  jobs.updated_at::text
from
  jobs
  inner join portfolios on portfolios.id = jobs.portfolio_id
where
  (
    jobs.portfolio_id = any (:own)
    and jobs.updated_at > :since::timestamptz - make_interval(secs => 5)
  )
order by
  jobs.updated_at asc,
  jobs.id asc
limit
  500;

-- job_claim
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'queued' then 'running'
      end,
      attempt = jobs.attempt + 1,
      progress = 0,
      step = null,
      started_at = now(),
      lease_token = :token,
      lease_until = now() + make_interval(secs => :leaseSeconds)
    where
      jobs.state in ('queued')
      and jobs.id = :id
      and jobs.run_at <= now()
      and not exists (
        select
          1
        from
          jobs other
        where
          other.group_key = jobs.group_key
          and other.state in ('queued', 'running')
          and (
            other.state = 'running'
            or other.turn < jobs.turn
          )
      )
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'started',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_dispatch
with
  enqueued as (
    update jobs
    set
      enqueued_at = now()
    where
      jobs.id = any (
        array(
          select
            next.id
          from
            (
              select
                :portfolioId::text as portfolio_id
            ) p
            cross join lateral (
              select
                greatest(0, 20 - count(*)) as slots
              from
                jobs f
              where
                f.portfolio_id = p.portfolio_id
                and f.enqueued_at is not null
                and f.state in ('queued', 'running')
            ) free
            cross join lateral (
              select
                jobs.id
              from
                jobs
              where
                jobs.portfolio_id = p.portfolio_id
                and jobs.state = 'queued'
                and jobs.enqueued_at is null
                and jobs.run_at <= now()
                and not exists (
                  select
                    1
                  from
                    jobs other
                  where
                    other.group_key = jobs.group_key
                    and other.state in ('queued', 'running')
                    and (
                      other.state = 'running'
                      or other.turn < jobs.turn
                    )
                )
              order by
                jobs.priority,
                jobs.turn
              limit
                free.slots
              for update
                skip locked
            ) next
        )
      )
    returning
      jobs.*
  ),
  messages as (
    insert into
      outbox (job_id, group_key)
    select
      id,
      group_key
    from
      enqueued
    order by
      priority,
      turn
    returning
      job_id
  )
select
  job_id
from
  messages;

-- job_dispatch_all
with
  enqueued as (
    update jobs
    set
      enqueued_at = now()
    where
      jobs.id = any (
        array(
          select
            next.id
          from
            (
              select distinct
                portfolio_id
              from
                jobs
              where
                jobs.state = 'queued'
                and jobs.enqueued_at is null
                and jobs.run_at <= now()
            ) p
            cross join lateral (
              select
                greatest(0, 20 - count(*)) as slots
              from
                jobs f
              where
                f.portfolio_id = p.portfolio_id
                and f.enqueued_at is not null
                and f.state in ('queued', 'running')
            ) free
            cross join lateral (
              select
                jobs.id
              from
                jobs
              where
                jobs.portfolio_id = p.portfolio_id
                and jobs.state = 'queued'
                and jobs.enqueued_at is null
                and jobs.run_at <= now()
                and not exists (
                  select
                    1
                  from
                    jobs other
                  where
                    other.group_key = jobs.group_key
                    and other.state in ('queued', 'running')
                    and (
                      other.state = 'running'
                      or other.turn < jobs.turn
                    )
                )
              order by
                jobs.priority,
                jobs.turn
              limit
                free.slots
              for update
                skip locked
            ) next
        )
      )
    returning
      jobs.*
  ),
  messages as (
    insert into
      outbox (job_id, group_key)
    select
      id,
      group_key
    from
      enqueued
    order by
      priority,
      turn
    returning
      job_id
  )
select
  job_id
from
  messages;

-- job_events_after
select
  seq,
  to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  type,
  state,
  attempt,
  progress,
  step,
  error
from
  job_events
where
  (
    job_events.job_id = :id
    and job_events.seq > :after
  )
order by
  job_events.seq asc;

-- job_fail
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'failed'
      end,
      error = :error,
      finished_at = now(),
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.id = :id
      and jobs.lease_token = :token
      and jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'failed',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_heartbeat
update jobs
set
  lease_until = now() + make_interval(secs => :leaseSeconds)
where
  jobs.id = :id
  and jobs.lease_token = :token
returning
  cancel_requested_at;

-- job_list
select
  jobs.id,
  portfolios.slug,
  jobs.kind,
  jobs.title,
  jobs.state,
  (array['high', 'normal', 'low']) [jobs.priority + 1],
  jobs.attempt,
  jobs.max_attempts,
  jobs.progress,
  jobs.step,
  jobs.result,
  jobs.error,
  jobs.requested_by,
  jobs.last_seq,
  case
    when jobs.state = 'queued'
    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  end,
  case jobs.state
    when 'running' then jobs.lease_until < now()
    when 'queued' then jobs.run_at < now() - make_interval(secs => 300)
    else false
  end,
  to_char(jobs.cancel_requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
from
  jobs
  inner join portfolios on portfolios.id = jobs.portfolio_id
where
  jobs.id = any (
    array(
      select
        job.id
      from
        portfolios
        cross join unnest(:kinds::text[]) as chosen_kind
        cross join unnest(:states::text[]) as chosen_state
        cross join lateral (
          select
            jobs.id
          from
            jobs
          where
            jobs.portfolio_id = portfolios.id
            and jobs.kind = chosen_kind
            and jobs.state = chosen_state
            and jobs.id < :cursor
            and (
              jobs.id >= :firstId
              and jobs.id < :lastId
              and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
              and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
            )
          order by
            jobs.id desc
          limit
            :limit
        ) as job
      where
        portfolios.id = any (:own)
        and coalesce(portfolios.slug = :portfolio, true)
      order by
        job.id desc
      limit
        :limit
    )
  )
order by
  jobs.id desc;

-- job_list_of_requester
select
  jobs.id,
  portfolios.slug,
  jobs.kind,
  jobs.title,
  jobs.state,
  (array['high', 'normal', 'low']) [jobs.priority + 1],
  jobs.attempt,
  jobs.max_attempts,
  jobs.progress,
  jobs.step,
  jobs.result,
  jobs.error,
  jobs.requested_by,
  jobs.last_seq,
  case
    when jobs.state = 'queued'
    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  end,
  case jobs.state
    when 'running' then jobs.lease_until < now()
    when 'queued' then jobs.run_at < now() - make_interval(secs => 300)
    else false
  end,
  to_char(jobs.cancel_requested_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.updated_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
from
  jobs
  inner join portfolios on portfolios.id = jobs.portfolio_id
where
  jobs.id = any (
    array(
      select
        job.id
      from
        portfolios
        cross join lateral (
          select
            jobs.id
          from
            jobs
          where
            jobs.portfolio_id = portfolios.id
            and jobs.requested_by = :requestedBy
            and (
              jobs.kind = any (:kinds)
              and jobs.state = any (:states)
            )
            and jobs.id < :cursor
            and (
              jobs.id >= :firstId
              and jobs.id < :lastId
              and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
              and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
            )
          order by
            jobs.id desc
          limit
            :limit
        ) as job
      where
        portfolios.id = any (:own)
        and coalesce(portfolios.slug = :portfolio, true)
      order by
        job.id desc
      limit
        :limit
    )
  )
order by
  jobs.id desc;

-- job_lock_lease
select
  id
from
  jobs
where
  jobs.id = :id
  and jobs.lease_token = :token
for key share;

-- job_mark_lost_dead
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'dead'
      end,
      error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker stopped before the attempt was finished.'),
      finished_at = now(),
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.id = any (
        array(
          select
            id
          from
            jobs
          where
            state = 'running'
            and lease_until < now()
            and attempt >= max_attempts
            and jobs.cancel_requested_at is null
          limit
            100
          for update
            skip locked
        )
      )
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'dead',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_mark_undelivered_dead
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'queued' then 'dead'
      end,
      error = jsonb_build_object(
        'code',
        'undeliverable',
        'message',
        'No worker could claim the job, although its message was delivered repeatedly.'
      ),
      finished_at = now()
    where
      jobs.state in ('queued')
      and jobs.id = :id
      and jobs.enqueued_at is not null
      and jobs.run_at <= now()
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'dead',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_postpone
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'queued'
      end,
      error = :error,
      progress = 0,
      step = null,
      run_at = now() + make_interval(secs => :delaySeconds),
      enqueued_at = null,
      lease_token = null,
      lease_until = null,
      max_attempts = jobs.max_attempts + 1
    where
      jobs.state in ('running')
      and jobs.id = :id
      and jobs.lease_token = :token
      and jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'postponed',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_progress
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'running'
      end,
      progress = :progress,
      step = :step
    where
      jobs.state in ('running')
      and jobs.id = :id
      and jobs.lease_token = :token
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'progress',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_put_back
update jobs
set
  run_at = now() + make_interval(secs => :delaySeconds),
  enqueued_at = null
where
  jobs.id = :id
  and jobs.state = 'queued'
  and jobs.run_at <= now()
returning
  id;

-- job_raise_group_priority
update jobs
set
  priority = :priority
where
  jobs.group_key = :groupKey
  and jobs.state = 'queued'
  and jobs.priority > :priority;

-- job_requeue
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'failed' then 'queued'
        when 'cancelled' then 'queued'
        when 'dead' then 'queued'
      end,
      turn = nextval('job_turns'),
      max_attempts = jobs.attempt + (:attempts::jsonb ->> jobs.kind)::int,
      progress = 0,
      step = null,
      run_at = now(),
      enqueued_at = null,
      error = null,
      cancel_requested_at = null,
      started_at = null,
      finished_at = null
    where
      jobs.state in ('failed', 'cancelled', 'dead')
      and jobs.id = :id
      and jobs.state in ('failed', 'cancelled', 'dead')
      and jobs.kind <> 'webhook.deliver'
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'requeued',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_requeue_lost
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'queued'
      end,
      error = jsonb_build_object('code', 'worker_lost', 'message', 'The worker stopped before the attempt was finished.'),
      progress = 0,
      step = null,
      run_at = now(),
      enqueued_at = null,
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.id = any (
        array(
          select
            id
          from
            jobs
          where
            state = 'running'
            and lease_until < now()
            and attempt < max_attempts
            and jobs.cancel_requested_at is null
          limit
            100
          for update
            skip locked
        )
      )
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'lost',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_requeue_many
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'failed' then 'queued'
        when 'cancelled' then 'queued'
        when 'dead' then 'queued'
      end,
      turn = nextval('job_turns'),
      max_attempts = jobs.attempt + (:attempts::jsonb ->> jobs.kind)::int,
      progress = 0,
      step = null,
      run_at = now(),
      enqueued_at = null,
      error = null,
      cancel_requested_at = null,
      started_at = null,
      finished_at = null
    where
      jobs.state in ('failed', 'cancelled', 'dead')
      and jobs.id = any (
        array(
          select
            jobs.id
          from
            jobs
          where
            jobs.portfolio_id = :portfolioId
            and (
              (
                jobs.kind = any (:kinds)
                and jobs.state = any (:states)
              )
              and coalesce(jobs.requested_by = :requestedBy, true)
              and (
                jobs.id >= :firstId
                and jobs.id < :lastId
                and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
                and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
              )
            )
            and jobs.state in ('failed', 'cancelled', 'dead')
            and jobs.kind <> 'webhook.deliver'
          order by
            jobs.id
          limit
            :limit
          for no key update
        )
      )
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'requeued',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_requeue_unclaimed
update jobs
set
  enqueued_at = null
where
  jobs.state = 'queued'
  and jobs.enqueued_at < now() - make_interval(secs => :afterSeconds)
  and not exists (
    select
      1
    from
      outbox
    where
      outbox.job_id = jobs.id
  )
returning
  id;

-- job_result
select
  kind,
  state,
  result
from
  jobs
where
  jobs.id = :id;

-- job_retry
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'queued'
      end,
      error = :error,
      progress = 0,
      step = null,
      run_at = now() + make_interval(secs => :delaySeconds),
      enqueued_at = null,
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.id = :id
      and jobs.lease_token = :token
      and jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'retrying',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_succeed
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case jobs.state
        when 'running' then 'succeeded'
      end,
      progress = 1,
      step = null,
      error = null,
      result = :result,
      finished_at = now(),
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.id = :id
      and jobs.lease_token = :token
      and jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error)
    select
      id,
      last_seq,
      'succeeded',
      state,
      attempt,
      progress,
      step,
      error
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error)
    from
      changed
      cross join lateral (
        select
          case state
            when 'succeeded' then 'job.succeeded'
            when 'failed' then 'job.failed'
            when 'dead' then 'job.failed'
            when 'cancelled' then 'job.cancelled'
          end as type
      ) ended
    where
      kind <> 'webhook.deliver'
      and exists (
        select
          1
        from
          webhooks
        where
          webhooks.portfolio_id = changed.portfolio_id
          and webhooks.enabled
          and ended.type = any (webhooks.events)
      )
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_unfinished_in_group
select
  count(*)::int
from
  jobs
where
  jobs.group_key = :groupKey
  and jobs.state in ('queued', 'running');
