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
        traceparent,
        max_attempts,
        last_seq
      )
    select
      id,
      portfolioId,
      kind,
      title,
      'queued',
      groupKey,
      priority,
      payload,
      requestedBy,
      traceparent,
      maxAttempts,
      1
    from
      jsonb_to_recordset(:jobs::jsonb) as given (
        id text,
        portfolioId text,
        kind text,
        title text,
        groupKey text,
        priority smallint,
        payload jsonb,
        requestedBy text,
        traceparent text,
        maxAttempts int
      )
    returning
      *
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'queued',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  id
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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'cancelled',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data, traceparent)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error),
      traceparent
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
  traceparent,
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

-- job_any_redrivable
select
  id
from
  jobs
where
  jobs.state in ('failed', 'cancelled', 'dead')
  and jobs.kind <> 'webhook.deliver'
  and jobs.portfolio_id <> all (
    array(
      select
        id
      from
        portfolios
      where
        binned_at is not null
    )
  )
  and (
    jobs.kind = any (:kinds)
    and jobs.state = any (:states)
  )
  and (
    jobs.id >= :firstId
    and jobs.id < :lastId
    and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
    and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
  )
  and coalesce(jobs.error ->> 'code' = :errorCode, :errorCode::text is null)
  and coalesce(jobs.portfolio_id = :portfolioId, :portfolioId::text is null)
  and coalesce(jobs.id = any (:ids::text[]), true)
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

-- job_backlog
with
  backlog as (
    select
      kind,
      coalesce(due, 0)::int as due,
      (queued - coalesce(due, 0))::int as waiting,
      running::int as running,
      coalesce(oldest_seconds, 0)::float8 as oldest_seconds,
      slots,
      most_running
    from
      (
        select
          kind,
          count(*) filter (
            where
              state = 'queued'
          ) as queued,
          count(*) filter (
            where
              state = 'running'
          ) as running
        from
          jobs
        where
          state in ('queued', 'running')
        group by
          kind
      ) unfinished
      left join (
        select
          kind,
          count(*) as due,
          round(
            extract(
              epoch
              from
                now() - min(greatest(ready_at, run_at))
            ),
            3
          ) as oldest_seconds
        from
          job_queue q
        where
          (
            due
            or run_at <= now()
          )
          and not (
            exists (
              select
              from
                job_pauses pause
              where
                coalesce(pause.portfolio_id, q.portfolio_id) = q.portfolio_id
                and coalesce(pause.kind, q.kind) = q.kind
            )
            or q.portfolio_id = any (
              array(
                select
                  id
                from
                  portfolios
                where
                  binned_at is not null
              )
            )
          )
        group by
          kind
      ) next using (kind)
      left join (
        select
          slot.key as kind,
          max(slot.value::int) as slots
        from
          job_workers
          cross join jsonb_each_text(slots) as slot
        where
          seen_at > now() - make_interval(secs => 60)
        group by
          slot.key
      ) worker using (kind)
      left join (
        select
          kind,
          most_running
        from
          job_limits
        where
          portfolio_id is null
      ) limited using (kind)
  )
select
  kind,
  due,
  waiting,
  running,
  oldest_seconds,
  slots,
  most_running
from
  backlog;

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
    'traceId',
    substr(jobs.traceparent, 4, 32),
    'retryAt',
    case
      when jobs.state = 'queued'
      and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    end,
    'waiting',
    case
      when jobs.state <> 'queued' then null
      when exists (
        select
          e.id
        from
          jobs e
        where
          e.group_key = jobs.group_key
          and e.state in ('queued', 'running')
          and e.turn < jobs.turn
        order by
          e.turn
      ) then json_build_object(
        'for',
        'turn',
        'jobId',
        (
          select
            e.id
          from
            jobs e
          where
            e.group_key = jobs.group_key
            and e.state in ('queued', 'running')
            and e.turn < jobs.turn
          order by
            e.turn
          limit
            1
        ),
        'place',
        (
          select
            count(*)::int
          from
            (
              select
                e.id
              from
                jobs e
              where
                e.group_key = jobs.group_key
                and e.state in ('queued', 'running')
                and e.turn < jobs.turn
              order by
                e.turn
              limit
                1000
            ) as line
        )
      )
      when jobs.run_at > now() then json_build_object('for', 'time', 'until', to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      when (
        exists (
          select
          from
            job_pauses pause
          where
            coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
            and coalesce(pause.kind, jobs.kind) = jobs.kind
        )
        or jobs.portfolio_id = any (
          array(
            select
              id
            from
              portfolios
            where
              binned_at is not null
          )
        )
      ) then json_build_object('for', 'pause')
      else coalesce(
        (
          select
            json_build_object(
              'for',
              'limit',
              'of',
              of,
              'limit',
              most,
              'place',
              (
                select
                  count(*)::int
                from
                  (
                    select
                    from
                      job_queue q
                    where
                      q.due
                      and q.kind = jobs.kind
                      and q.portfolio_id = jobs.portfolio_id
                      and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                    limit
                      1000
                  ) as line
              )
            )
          from
            (
              select
                rule.*
              from
                (
                  select
                    1 as rank,
                    'kind' as of,
                    (
                      select
                        count(*)::int
                      from
                        jobs r
                      where
                        r.state = 'running'
                        and r.portfolio_id = jobs.portfolio_id
                        and r.kind = jobs.kind
                    ) as running,
                    least(
                      (
                        select
                          case
                            when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                              1,
                              ceil(
                                max((w.shares ->> jobs.kind)::float8) * (
                                  select
                                    sum((w.slots ->> jobs.kind)::int)
                                  from
                                    job_workers w
                                  where
                                    w.seen_at > now() - interval '60 seconds'
                                )
                              )
                            )::int
                          end
                        from
                          job_workers w
                        where
                          w.seen_at > now() - interval '60 seconds'
                      ),
                      (
                        select
                          l.most_running
                        from
                          job_limits l
                        where
                          l.portfolio_id = jobs.portfolio_id
                          and l.kind = jobs.kind
                      )
                    ) as most
                  union all
                  select
                    2,
                    'portfolio',
                    (
                      select
                        count(*)::int
                      from
                        jobs r
                      where
                        r.state = 'running'
                        and r.portfolio_id = jobs.portfolio_id
                    ),
                    least(
                      (
                        select
                          case
                            when max((w.shares ->> 'all')::float8) < 1 then greatest(
                              1,
                              ceil(
                                max((w.shares ->> 'all')::float8) * (
                                  select
                                    sum(slot.value::int)
                                  from
                                    job_workers w,
                                    jsonb_each_text(w.slots) as slot
                                  where
                                    w.seen_at > now() - interval '60 seconds'
                                )
                              )
                            )::int
                          end
                        from
                          job_workers w
                        where
                          w.seen_at > now() - interval '60 seconds'
                      ),
                      (
                        select
                          l.most_running
                        from
                          job_limits l
                        where
                          l.portfolio_id = jobs.portfolio_id
                          and l.kind is null
                      )
                    )
                  union all
                  select
                    3,
                    'platform',
                    (
                      select
                        count(*)::int
                      from
                        jobs r
                      where
                        r.state = 'running'
                        and r.kind = jobs.kind
                    ),
                    l.most_running
                  from
                    job_limits l
                  where
                    l.portfolio_id is null
                    and l.kind = jobs.kind
                ) rule
              where
                running >= most
            ) reached
          order by
            rank
          limit
            1
        ),
        json_build_object(
          'for',
          'worker',
          'place',
          (
            select
              count(*)::int
            from
              (
                select
                from
                  job_queue q
                where
                  q.due
                  and q.kind = jobs.kind
                  and q.portfolio_id = jobs.portfolio_id
                  and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                limit
                  1000
              ) as line
          )
        )
      )
    end,
    'stalled',
    case
      when jobs.state = 'running' then jobs.lease_until < now()
      when jobs.state <> 'queued' then false
      when not exists (
        select
        from
          job_queue q
        where
          q.job_id = jobs.id
          and q.due
          and q.ready_at < now() - make_interval(secs => 300)
      ) then false
      when (
        exists (
          select
          from
            job_pauses pause
          where
            coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
            and coalesce(pause.kind, jobs.kind) = jobs.kind
        )
        or jobs.portfolio_id = any (
          array(
            select
              id
            from
              portfolios
            where
              binned_at is not null
          )
        )
      )
      or exists (
        select
        from
          (
            select
              rule.*
            from
              (
                select
                  1 as rank,
                  'kind' as of,
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.portfolio_id = jobs.portfolio_id
                      and r.kind = jobs.kind
                  ) as running,
                  least(
                    (
                      select
                        case
                          when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                            1,
                            ceil(
                              max((w.shares ->> jobs.kind)::float8) * (
                                select
                                  sum((w.slots ->> jobs.kind)::int)
                                from
                                  job_workers w
                                where
                                  w.seen_at > now() - interval '60 seconds'
                              )
                            )
                          )::int
                        end
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ),
                    (
                      select
                        l.most_running
                      from
                        job_limits l
                      where
                        l.portfolio_id = jobs.portfolio_id
                        and l.kind = jobs.kind
                    )
                  ) as most
                union all
                select
                  2,
                  'portfolio',
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.portfolio_id = jobs.portfolio_id
                  ),
                  least(
                    (
                      select
                        case
                          when max((w.shares ->> 'all')::float8) < 1 then greatest(
                            1,
                            ceil(
                              max((w.shares ->> 'all')::float8) * (
                                select
                                  sum(slot.value::int)
                                from
                                  job_workers w,
                                  jsonb_each_text(w.slots) as slot
                                where
                                  w.seen_at > now() - interval '60 seconds'
                              )
                            )
                          )::int
                        end
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ),
                    (
                      select
                        l.most_running
                      from
                        job_limits l
                      where
                        l.portfolio_id = jobs.portfolio_id
                        and l.kind is null
                    )
                  )
                union all
                select
                  3,
                  'platform',
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.kind = jobs.kind
                  ),
                  l.most_running
                from
                  job_limits l
                where
                  l.portfolio_id is null
                  and l.kind = jobs.kind
              ) rule
            where
              running >= most
          ) reached
      ) then false
      else coalesce(
        (
          select
            sum((w.slots ->> jobs.kind)::int)
          from
            job_workers w
          where
            w.seen_at > now() - interval '60 seconds'
        ) > (
          select
            count(*)::int
          from
            jobs r
          where
            r.state = 'running'
            and r.kind = jobs.kind
        ),
        true
      )
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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
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
      error,
      worker
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data, traceparent)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error),
      traceparent
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
  traceparent,
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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'cancelled',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data, traceparent)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error),
      traceparent
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
  traceparent,
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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
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
      error,
      worker
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data, traceparent)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error),
      traceparent
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
  traceparent,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_changed_by_events
select
  is_of_future,
  events,
  last,
  jobs
from
  (
    with
      page as (
        (
          select
            job_events.job_id,
            job_events.xid
          from
            job_events
          where
            job_events.xid >= pg_snapshot_xmax(:since::pg_snapshot)
            and job_events.xid > :after::text::xid8
          order by
            job_events.xid
          fetch first
            2000 rows
          with
            ties
        )
        union all
        (
          select
            job_events.job_id,
            job_events.xid
          from
            job_events
          where
            :after::text = '0'
            and job_events.xid = any (
              array(
                select
                  pg_snapshot_xip(:since::pg_snapshot)
              )
            )
        )
      )
    select
      pg_snapshot_xmax(:since::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) as is_of_future,
      (
        select
          count(*)::int
        from
          page
        where
          xid >= pg_snapshot_xmax(:since::pg_snapshot)
      ) as events,
      (
        select
          max(xid)::text
        from
          page
      ) as last,
      (
        select
          coalesce(
            json_agg(
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
                'traceId',
                substr(jobs.traceparent, 4, 32),
                'retryAt',
                case
                  when jobs.state = 'queued'
                  and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                end,
                'waiting',
                case
                  when jobs.state <> 'queued' then null
                  when exists (
                    select
                      e.id
                    from
                      jobs e
                    where
                      e.group_key = jobs.group_key
                      and e.state in ('queued', 'running')
                      and e.turn < jobs.turn
                    order by
                      e.turn
                  ) then json_build_object(
                    'for',
                    'turn',
                    'jobId',
                    (
                      select
                        e.id
                      from
                        jobs e
                      where
                        e.group_key = jobs.group_key
                        and e.state in ('queued', 'running')
                        and e.turn < jobs.turn
                      order by
                        e.turn
                      limit
                        1
                    ),
                    'place',
                    (
                      select
                        count(*)::int
                      from
                        (
                          select
                            e.id
                          from
                            jobs e
                          where
                            e.group_key = jobs.group_key
                            and e.state in ('queued', 'running')
                            and e.turn < jobs.turn
                          order by
                            e.turn
                          limit
                            1000
                        ) as line
                    )
                  )
                  when jobs.run_at > now() then json_build_object('for', 'time', 'until', to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                  when (
                    exists (
                      select
                      from
                        job_pauses pause
                      where
                        coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
                        and coalesce(pause.kind, jobs.kind) = jobs.kind
                    )
                    or jobs.portfolio_id = any (
                      array(
                        select
                          id
                        from
                          portfolios
                        where
                          binned_at is not null
                      )
                    )
                  ) then json_build_object('for', 'pause')
                  else coalesce(
                    (
                      select
                        json_build_object(
                          'for',
                          'limit',
                          'of',
                          of,
                          'limit',
                          most,
                          'place',
                          (
                            select
                              count(*)::int
                            from
                              (
                                select
                                from
                                  job_queue q
                                where
                                  q.due
                                  and q.kind = jobs.kind
                                  and q.portfolio_id = jobs.portfolio_id
                                  and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                                limit
                                  1000
                              ) as line
                          )
                        )
                      from
                        (
                          select
                            rule.*
                          from
                            (
                              select
                                1 as rank,
                                'kind' as of,
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.portfolio_id = jobs.portfolio_id
                                    and r.kind = jobs.kind
                                ) as running,
                                least(
                                  (
                                    select
                                      case
                                        when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                                          1,
                                          ceil(
                                            max((w.shares ->> jobs.kind)::float8) * (
                                              select
                                                sum((w.slots ->> jobs.kind)::int)
                                              from
                                                job_workers w
                                              where
                                                w.seen_at > now() - interval '60 seconds'
                                            )
                                          )
                                        )::int
                                      end
                                    from
                                      job_workers w
                                    where
                                      w.seen_at > now() - interval '60 seconds'
                                  ),
                                  (
                                    select
                                      l.most_running
                                    from
                                      job_limits l
                                    where
                                      l.portfolio_id = jobs.portfolio_id
                                      and l.kind = jobs.kind
                                  )
                                ) as most
                              union all
                              select
                                2,
                                'portfolio',
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.portfolio_id = jobs.portfolio_id
                                ),
                                least(
                                  (
                                    select
                                      case
                                        when max((w.shares ->> 'all')::float8) < 1 then greatest(
                                          1,
                                          ceil(
                                            max((w.shares ->> 'all')::float8) * (
                                              select
                                                sum(slot.value::int)
                                              from
                                                job_workers w,
                                                jsonb_each_text(w.slots) as slot
                                              where
                                                w.seen_at > now() - interval '60 seconds'
                                            )
                                          )
                                        )::int
                                      end
                                    from
                                      job_workers w
                                    where
                                      w.seen_at > now() - interval '60 seconds'
                                  ),
                                  (
                                    select
                                      l.most_running
                                    from
                                      job_limits l
                                    where
                                      l.portfolio_id = jobs.portfolio_id
                                      and l.kind is null
                                  )
                                )
                              union all
                              select
                                3,
                                'platform',
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.kind = jobs.kind
                                ),
                                l.most_running
                              from
                                job_limits l
                              where
                                l.portfolio_id is null
                                and l.kind = jobs.kind
                            ) rule
                          where
                            running >= most
                        ) reached
                      order by
                        rank
                      limit
                        1
                    ),
                    json_build_object(
                      'for',
                      'worker',
                      'place',
                      (
                        select
                          count(*)::int
                        from
                          (
                            select
                            from
                              job_queue q
                            where
                              q.due
                              and q.kind = jobs.kind
                              and q.portfolio_id = jobs.portfolio_id
                              and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                            limit
                              1000
                          ) as line
                      )
                    )
                  )
                end,
                'stalled',
                case
                  when jobs.state = 'running' then jobs.lease_until < now()
                  when jobs.state <> 'queued' then false
                  when not exists (
                    select
                    from
                      job_queue q
                    where
                      q.job_id = jobs.id
                      and q.due
                      and q.ready_at < now() - make_interval(secs => 300)
                  ) then false
                  when (
                    exists (
                      select
                      from
                        job_pauses pause
                      where
                        coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
                        and coalesce(pause.kind, jobs.kind) = jobs.kind
                    )
                    or jobs.portfolio_id = any (
                      array(
                        select
                          id
                        from
                          portfolios
                        where
                          binned_at is not null
                      )
                    )
                  )
                  or exists (
                    select
                    from
                      (
                        select
                          rule.*
                        from
                          (
                            select
                              1 as rank,
                              'kind' as of,
                              (
                                select
                                  count(*)::int
                                from
                                  jobs r
                                where
                                  r.state = 'running'
                                  and r.portfolio_id = jobs.portfolio_id
                                  and r.kind = jobs.kind
                              ) as running,
                              least(
                                (
                                  select
                                    case
                                      when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                                        1,
                                        ceil(
                                          max((w.shares ->> jobs.kind)::float8) * (
                                            select
                                              sum((w.slots ->> jobs.kind)::int)
                                            from
                                              job_workers w
                                            where
                                              w.seen_at > now() - interval '60 seconds'
                                          )
                                        )
                                      )::int
                                    end
                                  from
                                    job_workers w
                                  where
                                    w.seen_at > now() - interval '60 seconds'
                                ),
                                (
                                  select
                                    l.most_running
                                  from
                                    job_limits l
                                  where
                                    l.portfolio_id = jobs.portfolio_id
                                    and l.kind = jobs.kind
                                )
                              ) as most
                            union all
                            select
                              2,
                              'portfolio',
                              (
                                select
                                  count(*)::int
                                from
                                  jobs r
                                where
                                  r.state = 'running'
                                  and r.portfolio_id = jobs.portfolio_id
                              ),
                              least(
                                (
                                  select
                                    case
                                      when max((w.shares ->> 'all')::float8) < 1 then greatest(
                                        1,
                                        ceil(
                                          max((w.shares ->> 'all')::float8) * (
                                            select
                                              sum(slot.value::int)
                                            from
                                              job_workers w,
                                              jsonb_each_text(w.slots) as slot
                                            where
                                              w.seen_at > now() - interval '60 seconds'
                                          )
                                        )
                                      )::int
                                    end
                                  from
                                    job_workers w
                                  where
                                    w.seen_at > now() - interval '60 seconds'
                                ),
                                (
                                  select
                                    l.most_running
                                  from
                                    job_limits l
                                  where
                                    l.portfolio_id = jobs.portfolio_id
                                    and l.kind is null
                                )
                              )
                            union all
                            select
                              3,
                              'platform',
                              (
                                select
                                  count(*)::int
                                from
                                  jobs r
                                where
                                  r.state = 'running'
                                  and r.kind = jobs.kind
                              ),
                              l.most_running
                            from
                              job_limits l
                            where
                              l.portfolio_id is null
                              and l.kind = jobs.kind
                          ) rule
                        where
                          running >= most
                      ) reached
                  ) then false
                  else coalesce(
                    (
                      select
                        sum((w.slots ->> jobs.kind)::int)
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ) > (
                      select
                        count(*)::int
                      from
                        jobs r
                      where
                        r.state = 'running'
                        and r.kind = jobs.kind
                    ),
                    true
                  )
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
              order by
                jobs.updated_at,
                jobs.id
            ),
            '[]'
          )
        from
          jobs
          join portfolios on portfolios.id = jobs.portfolio_id
        where
          jobs.id in (
            select
              job_id
            from
              page
          )
          and jobs.portfolio_id = any (:own)
          and jobs.portfolio_id || ' ' || jobs.kind <> all (:hidden::text[])
      ) as jobs
  ) as changed;

-- job_changed_of_page
select
  count,
  last,
  jobs
from
  (
    with
      page as (
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
          and portfolios.id || ' ' || chosen_kind <> all (:hidden::text[])
        order by
          job.id desc
        limit
          :limit
      )
    select
      (
        select
          count(*)::int
        from
          page
      ) as count,
      (
        select
          min(id)
        from
          page
      ) as last,
      (
        select
          coalesce(
            json_agg(
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
                'traceId',
                substr(jobs.traceparent, 4, 32),
                'retryAt',
                case
                  when jobs.state = 'queued'
                  and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                end,
                'waiting',
                case
                  when jobs.state <> 'queued' then null
                  when exists (
                    select
                      e.id
                    from
                      jobs e
                    where
                      e.group_key = jobs.group_key
                      and e.state in ('queued', 'running')
                      and e.turn < jobs.turn
                    order by
                      e.turn
                  ) then json_build_object(
                    'for',
                    'turn',
                    'jobId',
                    (
                      select
                        e.id
                      from
                        jobs e
                      where
                        e.group_key = jobs.group_key
                        and e.state in ('queued', 'running')
                        and e.turn < jobs.turn
                      order by
                        e.turn
                      limit
                        1
                    ),
                    'place',
                    (
                      select
                        count(*)::int
                      from
                        (
                          select
                            e.id
                          from
                            jobs e
                          where
                            e.group_key = jobs.group_key
                            and e.state in ('queued', 'running')
                            and e.turn < jobs.turn
                          order by
                            e.turn
                          limit
                            1000
                        ) as line
                    )
                  )
                  when jobs.run_at > now() then json_build_object('for', 'time', 'until', to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                  when (
                    exists (
                      select
                      from
                        job_pauses pause
                      where
                        coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
                        and coalesce(pause.kind, jobs.kind) = jobs.kind
                    )
                    or jobs.portfolio_id = any (
                      array(
                        select
                          id
                        from
                          portfolios
                        where
                          binned_at is not null
                      )
                    )
                  ) then json_build_object('for', 'pause')
                  else coalesce(
                    (
                      select
                        json_build_object(
                          'for',
                          'limit',
                          'of',
                          of,
                          'limit',
                          most,
                          'place',
                          (
                            select
                              count(*)::int
                            from
                              (
                                select
                                from
                                  job_queue q
                                where
                                  q.due
                                  and q.kind = jobs.kind
                                  and q.portfolio_id = jobs.portfolio_id
                                  and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                                limit
                                  1000
                              ) as line
                          )
                        )
                      from
                        (
                          select
                            rule.*
                          from
                            (
                              select
                                1 as rank,
                                'kind' as of,
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.portfolio_id = jobs.portfolio_id
                                    and r.kind = jobs.kind
                                ) as running,
                                least(
                                  (
                                    select
                                      case
                                        when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                                          1,
                                          ceil(
                                            max((w.shares ->> jobs.kind)::float8) * (
                                              select
                                                sum((w.slots ->> jobs.kind)::int)
                                              from
                                                job_workers w
                                              where
                                                w.seen_at > now() - interval '60 seconds'
                                            )
                                          )
                                        )::int
                                      end
                                    from
                                      job_workers w
                                    where
                                      w.seen_at > now() - interval '60 seconds'
                                  ),
                                  (
                                    select
                                      l.most_running
                                    from
                                      job_limits l
                                    where
                                      l.portfolio_id = jobs.portfolio_id
                                      and l.kind = jobs.kind
                                  )
                                ) as most
                              union all
                              select
                                2,
                                'portfolio',
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.portfolio_id = jobs.portfolio_id
                                ),
                                least(
                                  (
                                    select
                                      case
                                        when max((w.shares ->> 'all')::float8) < 1 then greatest(
                                          1,
                                          ceil(
                                            max((w.shares ->> 'all')::float8) * (
                                              select
                                                sum(slot.value::int)
                                              from
                                                job_workers w,
                                                jsonb_each_text(w.slots) as slot
                                              where
                                                w.seen_at > now() - interval '60 seconds'
                                            )
                                          )
                                        )::int
                                      end
                                    from
                                      job_workers w
                                    where
                                      w.seen_at > now() - interval '60 seconds'
                                  ),
                                  (
                                    select
                                      l.most_running
                                    from
                                      job_limits l
                                    where
                                      l.portfolio_id = jobs.portfolio_id
                                      and l.kind is null
                                  )
                                )
                              union all
                              select
                                3,
                                'platform',
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.kind = jobs.kind
                                ),
                                l.most_running
                              from
                                job_limits l
                              where
                                l.portfolio_id is null
                                and l.kind = jobs.kind
                            ) rule
                          where
                            running >= most
                        ) reached
                      order by
                        rank
                      limit
                        1
                    ),
                    json_build_object(
                      'for',
                      'worker',
                      'place',
                      (
                        select
                          count(*)::int
                        from
                          (
                            select
                            from
                              job_queue q
                            where
                              q.due
                              and q.kind = jobs.kind
                              and q.portfolio_id = jobs.portfolio_id
                              and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                            limit
                              1000
                          ) as line
                      )
                    )
                  )
                end,
                'stalled',
                case
                  when jobs.state = 'running' then jobs.lease_until < now()
                  when jobs.state <> 'queued' then false
                  when not exists (
                    select
                    from
                      job_queue q
                    where
                      q.job_id = jobs.id
                      and q.due
                      and q.ready_at < now() - make_interval(secs => 300)
                  ) then false
                  when (
                    exists (
                      select
                      from
                        job_pauses pause
                      where
                        coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
                        and coalesce(pause.kind, jobs.kind) = jobs.kind
                    )
                    or jobs.portfolio_id = any (
                      array(
                        select
                          id
                        from
                          portfolios
                        where
                          binned_at is not null
                      )
                    )
                  )
                  or exists (
                    select
                    from
                      (
                        select
                          rule.*
                        from
                          (
                            select
                              1 as rank,
                              'kind' as of,
                              (
                                select
                                  count(*)::int
                                from
                                  jobs r
                                where
                                  r.state = 'running'
                                  and r.portfolio_id = jobs.portfolio_id
                                  and r.kind = jobs.kind
                              ) as running,
                              least(
                                (
                                  select
                                    case
                                      when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                                        1,
                                        ceil(
                                          max((w.shares ->> jobs.kind)::float8) * (
                                            select
                                              sum((w.slots ->> jobs.kind)::int)
                                            from
                                              job_workers w
                                            where
                                              w.seen_at > now() - interval '60 seconds'
                                          )
                                        )
                                      )::int
                                    end
                                  from
                                    job_workers w
                                  where
                                    w.seen_at > now() - interval '60 seconds'
                                ),
                                (
                                  select
                                    l.most_running
                                  from
                                    job_limits l
                                  where
                                    l.portfolio_id = jobs.portfolio_id
                                    and l.kind = jobs.kind
                                )
                              ) as most
                            union all
                            select
                              2,
                              'portfolio',
                              (
                                select
                                  count(*)::int
                                from
                                  jobs r
                                where
                                  r.state = 'running'
                                  and r.portfolio_id = jobs.portfolio_id
                              ),
                              least(
                                (
                                  select
                                    case
                                      when max((w.shares ->> 'all')::float8) < 1 then greatest(
                                        1,
                                        ceil(
                                          max((w.shares ->> 'all')::float8) * (
                                            select
                                              sum(slot.value::int)
                                            from
                                              job_workers w,
                                              jsonb_each_text(w.slots) as slot
                                            where
                                              w.seen_at > now() - interval '60 seconds'
                                          )
                                        )
                                      )::int
                                    end
                                  from
                                    job_workers w
                                  where
                                    w.seen_at > now() - interval '60 seconds'
                                ),
                                (
                                  select
                                    l.most_running
                                  from
                                    job_limits l
                                  where
                                    l.portfolio_id = jobs.portfolio_id
                                    and l.kind is null
                                )
                              )
                            union all
                            select
                              3,
                              'platform',
                              (
                                select
                                  count(*)::int
                                from
                                  jobs r
                                where
                                  r.state = 'running'
                                  and r.kind = jobs.kind
                              ),
                              l.most_running
                            from
                              job_limits l
                            where
                              l.portfolio_id is null
                              and l.kind = jobs.kind
                          ) rule
                        where
                          running >= most
                      ) reached
                  ) then false
                  else coalesce(
                    (
                      select
                        sum((w.slots ->> jobs.kind)::int)
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ) > (
                      select
                        count(*)::int
                      from
                        jobs r
                      where
                        r.state = 'running'
                        and r.kind = jobs.kind
                    ),
                    true
                  )
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
              order by
                jobs.updated_at,
                jobs.id
            ),
            '[]'
          )
        from
          jobs
          join portfolios on portfolios.id = jobs.portfolio_id
          join job_events on job_events.job_id = jobs.id
          and job_events.seq = jobs.last_seq
        where
          jobs.id in (
            select
              id
            from
              page
          )
          and not pg_visible_in_snapshot(job_events.xid, :since::pg_snapshot)
      ) as jobs
  ) as changed;

-- job_claim
with
  chosen as (
    with recursive
      limits as materialized (
        select
          portfolio_id,
          kind,
          most_running
        from
          job_limits
      ),
      running as materialized (
        select
          kind,
          portfolio_id,
          count(*)::int as jobs,
          sum(count(*)) over (
            partition by
              portfolio_id
          )::int as in_all
        from
          jobs
        where
          state = 'running'
        group by
          kind,
          portfolio_id
      ),
      wanted as (
        select
          given.kind,
          given.most,
          given.last,
          least(
            given.slots,
            whole.most_running - (
              select
                coalesce(sum(jobs), 0)
              from
                running
              where
                kind = given.kind
            )
          )::int as slots
        from
          unnest(:kinds::text[], :slots::int[], :most::int[], :after::text[]) as given (kind, slots, most, last)
          left join limits whole on whole.portfolio_id is null
          and whole.kind = given.kind
      ),
      tenant as (
        select
          at.kind,
          at.slots,
          at.most,
          at.last,
          coalesce(next.id, again.id) as id,
          next.id is null as is_wrapped,
          1 as position
        from
          wanted at
          cross join lateral (
            select
              (
                select
                  q.portfolio_id
                from
                  job_queue q
                where
                  q.due
                  and q.kind = at.kind
                  and q.portfolio_id > at.last
                order by
                  q.portfolio_id
                limit
                  1
              ) as id
          ) next
          cross join lateral (
            select
              case
                when next.id is null then (
                  select
                    q.portfolio_id
                  from
                    job_queue q
                  where
                    q.due
                    and q.kind = at.kind
                    and q.portfolio_id > ''
                  order by
                    q.portfolio_id
                  limit
                    1
                )
              end as id
          ) again
        where
          at.slots > 0
        union all
        select
          at.kind,
          at.slots,
          at.most,
          at.last,
          coalesce(next.id, again.id),
          at.is_wrapped
          or next.id is null,
          at.position + 1
        from
          tenant at
          cross join lateral (
            select
              (
                select
                  q.portfolio_id
                from
                  job_queue q
                where
                  q.due
                  and q.kind = at.kind
                  and q.portfolio_id > at.id
                order by
                  q.portfolio_id
                limit
                  1
              ) as id
          ) next
          cross join lateral (
            select
              case
                when next.id is null
                and not at.is_wrapped then (
                  select
                    q.portfolio_id
                  from
                    job_queue q
                  where
                    q.due
                    and q.kind = at.kind
                    and q.portfolio_id > ''
                  order by
                    q.portfolio_id
                  limit
                    1
                )
              end as id
          ) again
        where
          at.position < 200
          and coalesce(next.id, again.id) is not null
          and not (
            (
              at.is_wrapped
              or next.id is null
            )
            and coalesce(next.id, again.id) > at.last
          )
      ),
      open_tenant as (
        select
          tenant.kind,
          tenant.slots,
          tenant.id,
          tenant.position,
          least(tenant.most, own_limit.most_running) as most,
          coalesce(own.jobs, 0) as running,
          row_number() over (
            partition by
              tenant.kind
            order by
              coalesce(own.jobs, 0),
              position
          ) as rank
        from
          tenant
          left join running own on own.kind = tenant.kind
          and own.portfolio_id = tenant.id
          left join limits own_limit on own_limit.kind = tenant.kind
          and own_limit.portfolio_id = tenant.id
        where
          tenant.id is not null
          and coalesce(own.jobs, 0) < least(tenant.most, own_limit.most_running)
          and not (
            exists (
              select
              from
                job_pauses pause
              where
                coalesce(pause.portfolio_id, tenant.id) = tenant.id
                and coalesce(pause.kind, tenant.kind) = tenant.kind
            )
            or tenant.id = any (
              array(
                select
                  id
                from
                  portfolios
                where
                  binned_at is not null
              )
            )
          )
          and not exists (
            select
            from
              limits whole
            where
              whole.portfolio_id = tenant.id
              and whole.kind is null
              and whole.most_running <= coalesce(
                (
                  select
                    max(in_all)
                  from
                    running
                  where
                    portfolio_id = tenant.id
                ),
                0
              )
          )
      ),
      candidate as (
        select
          next.job_id,
          t.kind,
          t.slots,
          t.id,
          next.priority,
          next.turn,
          row_number() over (
            partition by
              t.kind
            order by
              t.running + next.place,
              t.position
          ) as rank
        from
          open_tenant t
          cross join lateral (
            select
              q.*,
              row_number() over (
                order by
                  q.priority,
                  q.turn
              ) as place
            from
              (
                select
                  job_id,
                  priority,
                  turn
                from
                  job_queue q
                where
                  q.due
                  and q.kind = t.kind
                  and q.portfolio_id = t.id
                order by
                  q.priority,
                  q.turn
                limit
                  least(t.slots + 6, t.most - t.running)
              ) q
          ) next
        where
          t.rank <= t.slots + 6
      ),
      ranked as (
        select
          job_id,
          kind,
          slots,
          rank,
          id,
          coalesce(
            (
              select
                max(in_all)
              from
                running
              where
                portfolio_id = candidate.id
            ),
            0
          ) + row_number() over (
            partition by
              id
            order by
              rank > slots,
              priority,
              turn
          ) as place_in_all
        from
          candidate
        where
          rank <= slots + 6
      )
    select
      job_id,
      kind,
      slots,
      rank
    from
      ranked
    where
      place_in_all <= least(
        :mostInAll,
        (
          select
            most_running
          from
            limits
          where
            portfolio_id = ranked.id
            and kind is null
        )
      )
  ),
  taken as (
    select
      locked.job_id,
      locked.state,
      locked.ready_at
    from
      (
        select distinct
          kind,
          slots
        from
          chosen
      ) as wanted
      cross join lateral (
        select
          q.job_id,
          j.state,
          q.ready_at
        from
          chosen c
          join job_queue q on q.job_id = c.job_id
          join jobs j on j.id = q.job_id
        where
          c.kind = wanted.kind
        order by
          c.rank
        limit
          wanted.slots
        for update of
          q skip locked
        for no key update of
          j skip locked
      ) locked
  ),
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
      lease_until = now() + make_interval(secs => :leaseSeconds),
      worker = :worker
    where
      jobs.state in ('queued')
      and jobs.id = any (
        array(
          select
            job_id
          from
            taken
        )
      )
      and not exists (
        select
          1
        from
          jobs other
        where
          other.group_key = jobs.group_key
          and other.state = 'running'
      )
      and not exists (
        select
          1
        from
          jobs other
        where
          other.group_key = jobs.group_key
          and other.state in ('queued', 'running')
          and other.turn < jobs.turn
      )
    returning
      jobs.*
  ),
  removed as (
    delete from job_queue
    where
      job_id = any (
        array(
          select
            id
          from
            changed
          union all
          select
            job_id
          from
            taken
          where
            state <> 'queued'
        )
      )
  ),
  deferred as (
    update job_queue
    set
      due = false,
      run_at = now()
    where
      job_id = any (
        array(
          select
            job_id
          from
            taken
          where
            state = 'queued'
          except
          select
            id
          from
            changed
        )
      )
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'started',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  array(
    select
      kind
    from
      chosen
    where
      rank <= slots
  ),
  exists (
    select
    from
      job_limits
  ),
  changed.id,
  changed.portfolio_id,
  changed.kind,
  changed.payload,
  changed.traceparent,
  changed.attempt,
  changed.max_attempts,
  (
    select
      greatest(
        extract(
          epoch
          from
            now() - ready_at
        ),
        0
      )::float8
    from
      taken
    where
      job_id = changed.id
  )
from
  (
    select
  ) as one
  left join changed on true;

-- job_end
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case
        when outcome in ('retrying', 'postponed') then 'queued'
        else outcome
      end,
      progress = case outcome
        when 'succeeded' then 1
        when 'failed' then jobs.progress
        else 0
      end,
      step = case outcome
        when 'failed' then jobs.step
      end,
      result = new_result,
      error = new_error,
      run_at = case
        when outcome in ('retrying', 'postponed') then now() + make_interval(secs => delay)
        else jobs.run_at
      end,
      enqueued_at = null,
      finished_at = case
        when not outcome in ('retrying', 'postponed') then now()
      end,
      max_attempts = jobs.max_attempts + (outcome = 'postponed')::int,
      lease_token = null,
      lease_until = null
    from
      jsonb_to_recordset(:ends::jsonb) as given (given_id text, token uuid, outcome text, new_result jsonb, new_error jsonb, delay float8)
    where
      jobs.state in ('running')
      and jobs.id = given_id
      and jobs.lease_token = token
      and jobs.cancel_requested_at is null
    returning
      jobs.*,
      given.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      outcome,
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data, traceparent)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error),
      traceparent
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
  traceparent,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_end_event
select
  seq
from
  job_events
where
  job_events.job_id = :id
  and job_events.attempt = :attempt
  and job_events.type = :type;

-- job_end_many
with
  changed as (
    update jobs
    set
      last_seq = jobs.last_seq + 1,
      updated_at = now(),
      state = case
        when outcome in ('retrying', 'postponed') then 'queued'
        else outcome
      end,
      progress = case outcome
        when 'succeeded' then 1
        when 'failed' then jobs.progress
        else 0
      end,
      step = case outcome
        when 'failed' then jobs.step
      end,
      result = new_result,
      error = new_error,
      run_at = case
        when outcome in ('retrying', 'postponed') then now() + make_interval(secs => delay)
        else jobs.run_at
      end,
      enqueued_at = null,
      finished_at = case
        when not outcome in ('retrying', 'postponed') then now()
      end,
      max_attempts = jobs.max_attempts + (outcome = 'postponed')::int,
      lease_token = null,
      lease_until = null
    from
      jsonb_to_recordset(:ends::jsonb) as given (given_id text, token uuid, outcome text, new_result jsonb, new_error jsonb, delay float8)
    where
      jobs.state in ('running')
      and jobs.id = given_id
      and jobs.lease_token = token
      and jobs.cancel_requested_at is null
      and jobs.id = any (
        array(
          select
            jobs.id
          from
            jobs
          where
            jobs.id = any (:ids::text[])
          for no key update
            skip locked
        )
      )
    returning
      jobs.*,
      given.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      outcome,
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data, traceparent)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error),
      traceparent
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
  traceparent,
  attempt,
  max_attempts,
  last_seq
from
  changed;

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
  job_events.seq asc
limit
  500;

-- job_fleet_slots
select
  slot.key,
  sum(slot.value::int)::int
from
  job_workers
  cross join jsonb_each_text(job_workers.slots) as slot
where
  seen_at > now() - interval '60 seconds'
group by
  slot.key;

-- job_heartbeat
with
  renewed as (
    update jobs
    set
      lease_until = now() + make_interval(secs => :leaseSeconds)
    where
      jobs.id = any (
        array(
          select
            jobs.id
          from
            jobs
            join unnest(:ids::text[], :tokens::uuid[]) as given (id, token) on jobs.id = given.id
            and jobs.lease_token = given.token
          for no key update of
            jobs skip locked
        )
      )
    returning
      jobs.id
  )
select
  jobs.id,
  jobs.cancel_requested_at is not null,
  jobs.id in (
    select
      id
    from
      renewed
  )
from
  jobs
  inner join unnest(:ids::text[], :tokens::uuid[]) as given (id, token) on jobs.id = given.id
  and jobs.lease_token = given.token;

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
  substr(jobs.traceparent, 4, 32),
  case
    when jobs.state = 'queued'
    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  end,
  case
    when jobs.state <> 'queued' then null
    when exists (
      select
        e.id
      from
        jobs e
      where
        e.group_key = jobs.group_key
        and e.state in ('queued', 'running')
        and e.turn < jobs.turn
      order by
        e.turn
    ) then json_build_object(
      'for',
      'turn',
      'jobId',
      (
        select
          e.id
        from
          jobs e
        where
          e.group_key = jobs.group_key
          and e.state in ('queued', 'running')
          and e.turn < jobs.turn
        order by
          e.turn
        limit
          1
      ),
      'place',
      (
        select
          count(*)::int
        from
          (
            select
              e.id
            from
              jobs e
            where
              e.group_key = jobs.group_key
              and e.state in ('queued', 'running')
              and e.turn < jobs.turn
            order by
              e.turn
            limit
              1000
          ) as line
      )
    )
    when jobs.run_at > now() then json_build_object('for', 'time', 'until', to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    when (
      exists (
        select
        from
          job_pauses pause
        where
          coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
          and coalesce(pause.kind, jobs.kind) = jobs.kind
      )
      or jobs.portfolio_id = any (
        array(
          select
            id
          from
            portfolios
          where
            binned_at is not null
        )
      )
    ) then json_build_object('for', 'pause')
    else coalesce(
      (
        select
          json_build_object(
            'for',
            'limit',
            'of',
            of,
            'limit',
            most,
            'place',
            (
              select
                count(*)::int
              from
                (
                  select
                  from
                    job_queue q
                  where
                    q.due
                    and q.kind = jobs.kind
                    and q.portfolio_id = jobs.portfolio_id
                    and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                  limit
                    1000
                ) as line
            )
          )
        from
          (
            select
              rule.*
            from
              (
                select
                  1 as rank,
                  'kind' as of,
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.portfolio_id = jobs.portfolio_id
                      and r.kind = jobs.kind
                  ) as running,
                  least(
                    (
                      select
                        case
                          when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                            1,
                            ceil(
                              max((w.shares ->> jobs.kind)::float8) * (
                                select
                                  sum((w.slots ->> jobs.kind)::int)
                                from
                                  job_workers w
                                where
                                  w.seen_at > now() - interval '60 seconds'
                              )
                            )
                          )::int
                        end
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ),
                    (
                      select
                        l.most_running
                      from
                        job_limits l
                      where
                        l.portfolio_id = jobs.portfolio_id
                        and l.kind = jobs.kind
                    )
                  ) as most
                union all
                select
                  2,
                  'portfolio',
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.portfolio_id = jobs.portfolio_id
                  ),
                  least(
                    (
                      select
                        case
                          when max((w.shares ->> 'all')::float8) < 1 then greatest(
                            1,
                            ceil(
                              max((w.shares ->> 'all')::float8) * (
                                select
                                  sum(slot.value::int)
                                from
                                  job_workers w,
                                  jsonb_each_text(w.slots) as slot
                                where
                                  w.seen_at > now() - interval '60 seconds'
                              )
                            )
                          )::int
                        end
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ),
                    (
                      select
                        l.most_running
                      from
                        job_limits l
                      where
                        l.portfolio_id = jobs.portfolio_id
                        and l.kind is null
                    )
                  )
                union all
                select
                  3,
                  'platform',
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.kind = jobs.kind
                  ),
                  l.most_running
                from
                  job_limits l
                where
                  l.portfolio_id is null
                  and l.kind = jobs.kind
              ) rule
            where
              running >= most
          ) reached
        order by
          rank
        limit
          1
      ),
      json_build_object(
        'for',
        'worker',
        'place',
        (
          select
            count(*)::int
          from
            (
              select
              from
                job_queue q
              where
                q.due
                and q.kind = jobs.kind
                and q.portfolio_id = jobs.portfolio_id
                and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
              limit
                1000
            ) as line
        )
      )
    )
  end,
  case
    when jobs.state = 'running' then jobs.lease_until < now()
    when jobs.state <> 'queued' then false
    when not exists (
      select
      from
        job_queue q
      where
        q.job_id = jobs.id
        and q.due
        and q.ready_at < now() - make_interval(secs => 300)
    ) then false
    when (
      exists (
        select
        from
          job_pauses pause
        where
          coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
          and coalesce(pause.kind, jobs.kind) = jobs.kind
      )
      or jobs.portfolio_id = any (
        array(
          select
            id
          from
            portfolios
          where
            binned_at is not null
        )
      )
    )
    or exists (
      select
      from
        (
          select
            rule.*
          from
            (
              select
                1 as rank,
                'kind' as of,
                (
                  select
                    count(*)::int
                  from
                    jobs r
                  where
                    r.state = 'running'
                    and r.portfolio_id = jobs.portfolio_id
                    and r.kind = jobs.kind
                ) as running,
                least(
                  (
                    select
                      case
                        when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                          1,
                          ceil(
                            max((w.shares ->> jobs.kind)::float8) * (
                              select
                                sum((w.slots ->> jobs.kind)::int)
                              from
                                job_workers w
                              where
                                w.seen_at > now() - interval '60 seconds'
                            )
                          )
                        )::int
                      end
                    from
                      job_workers w
                    where
                      w.seen_at > now() - interval '60 seconds'
                  ),
                  (
                    select
                      l.most_running
                    from
                      job_limits l
                    where
                      l.portfolio_id = jobs.portfolio_id
                      and l.kind = jobs.kind
                  )
                ) as most
              union all
              select
                2,
                'portfolio',
                (
                  select
                    count(*)::int
                  from
                    jobs r
                  where
                    r.state = 'running'
                    and r.portfolio_id = jobs.portfolio_id
                ),
                least(
                  (
                    select
                      case
                        when max((w.shares ->> 'all')::float8) < 1 then greatest(
                          1,
                          ceil(
                            max((w.shares ->> 'all')::float8) * (
                              select
                                sum(slot.value::int)
                              from
                                job_workers w,
                                jsonb_each_text(w.slots) as slot
                              where
                                w.seen_at > now() - interval '60 seconds'
                            )
                          )
                        )::int
                      end
                    from
                      job_workers w
                    where
                      w.seen_at > now() - interval '60 seconds'
                  ),
                  (
                    select
                      l.most_running
                    from
                      job_limits l
                    where
                      l.portfolio_id = jobs.portfolio_id
                      and l.kind is null
                  )
                )
              union all
              select
                3,
                'platform',
                (
                  select
                    count(*)::int
                  from
                    jobs r
                  where
                    r.state = 'running'
                    and r.kind = jobs.kind
                ),
                l.most_running
              from
                job_limits l
              where
                l.portfolio_id is null
                and l.kind = jobs.kind
            ) rule
          where
            running >= most
        ) reached
    ) then false
    else coalesce(
      (
        select
          sum((w.slots ->> jobs.kind)::int)
        from
          job_workers w
        where
          w.seen_at > now() - interval '60 seconds'
      ) > (
        select
          count(*)::int
        from
          jobs r
        where
          r.state = 'running'
          and r.kind = jobs.kind
      ),
      true
    )
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
        and portfolios.id || ' ' || chosen_kind <> all (:hidden::text[])
      order by
        job.id desc
      limit
        :limit
    )
  )
order by
  jobs.id desc;

-- job_list_of_all
select
  jobs.id,
  jobs.portfolio_id,
  portfolios.slug,
  jobs.kind,
  jobs.state,
  (array['high', 'normal', 'low']) [jobs.priority + 1],
  jobs.attempt,
  jobs.max_attempts,
  jobs.error ->> 'code',
  jobs.worker,
  to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.lease_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
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
        id
      from
        (
          (
            select
              jobs.id
            from
              (
                select
                  *
                from
                  jobs
                where
                  state in ('failed', 'cancelled', 'dead')
                offset
                  0
              ) as jobs
            where
              :states::text[] && array['failed', 'cancelled', 'dead']
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
              and coalesce(jobs.error ->> 'code' = :errorCode, :errorCode::text is null)
            order by
              jobs.id desc
            limit
              :limit
          )
          union all
          (
            select
              jobs.id
            from
              (
                select
                  *
                from
                  jobs
                where
                  state in ('queued', 'running')
                offset
                  0
              ) as jobs
            where
              :states::text[] && array['queued', 'running']
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
              and coalesce(jobs.error ->> 'code' = :errorCode, :errorCode::text is null)
            order by
              jobs.id desc
            limit
              :limit
          )
          union all
          (
            select
              job.id
            from
              portfolios
              cross join unnest(:kinds::text[]) as chosen_kind
              cross join unnest(array['succeeded']::text[]) as chosen_state
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
                  and coalesce(jobs.error ->> 'code' = :errorCode, :errorCode::text is null)
                order by
                  jobs.id desc
                limit
                  :limit
              ) as job
            where
              :states::text[] && array['succeeded']
              and :errorCode::text is null
            order by
              id desc
            limit
              :limit
          )
        ) as job
      order by
        id desc
      limit
        :limit
    )
  )
order by
  jobs.id desc;

-- job_list_of_portfolio
select
  jobs.id,
  jobs.portfolio_id,
  portfolios.slug,
  jobs.kind,
  jobs.state,
  (array['high', 'normal', 'low']) [jobs.priority + 1],
  jobs.attempt,
  jobs.max_attempts,
  jobs.error ->> 'code',
  jobs.worker,
  to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
  to_char(jobs.lease_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
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
        unnest(:kinds::text[]) as chosen_kind
        cross join unnest(:states::text[]) as chosen_state
        cross join lateral (
          select
            jobs.id
          from
            jobs
          where
            jobs.portfolio_id = :portfolioId
            and jobs.kind = chosen_kind
            and jobs.state = chosen_state
            and jobs.id < :cursor
            and (
              jobs.id >= :firstId
              and jobs.id < :lastId
              and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
              and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
            )
            and coalesce(jobs.error ->> 'code' = :errorCode, :errorCode::text is null)
          order by
            jobs.id desc
          limit
            :limit
        ) as job
      order by
        id desc
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
  substr(jobs.traceparent, 4, 32),
  case
    when jobs.state = 'queued'
    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
  end,
  case
    when jobs.state <> 'queued' then null
    when exists (
      select
        e.id
      from
        jobs e
      where
        e.group_key = jobs.group_key
        and e.state in ('queued', 'running')
        and e.turn < jobs.turn
      order by
        e.turn
    ) then json_build_object(
      'for',
      'turn',
      'jobId',
      (
        select
          e.id
        from
          jobs e
        where
          e.group_key = jobs.group_key
          and e.state in ('queued', 'running')
          and e.turn < jobs.turn
        order by
          e.turn
        limit
          1
      ),
      'place',
      (
        select
          count(*)::int
        from
          (
            select
              e.id
            from
              jobs e
            where
              e.group_key = jobs.group_key
              and e.state in ('queued', 'running')
              and e.turn < jobs.turn
            order by
              e.turn
            limit
              1000
          ) as line
      )
    )
    when jobs.run_at > now() then json_build_object('for', 'time', 'until', to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    when (
      exists (
        select
        from
          job_pauses pause
        where
          coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
          and coalesce(pause.kind, jobs.kind) = jobs.kind
      )
      or jobs.portfolio_id = any (
        array(
          select
            id
          from
            portfolios
          where
            binned_at is not null
        )
      )
    ) then json_build_object('for', 'pause')
    else coalesce(
      (
        select
          json_build_object(
            'for',
            'limit',
            'of',
            of,
            'limit',
            most,
            'place',
            (
              select
                count(*)::int
              from
                (
                  select
                  from
                    job_queue q
                  where
                    q.due
                    and q.kind = jobs.kind
                    and q.portfolio_id = jobs.portfolio_id
                    and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                  limit
                    1000
                ) as line
            )
          )
        from
          (
            select
              rule.*
            from
              (
                select
                  1 as rank,
                  'kind' as of,
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.portfolio_id = jobs.portfolio_id
                      and r.kind = jobs.kind
                  ) as running,
                  least(
                    (
                      select
                        case
                          when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                            1,
                            ceil(
                              max((w.shares ->> jobs.kind)::float8) * (
                                select
                                  sum((w.slots ->> jobs.kind)::int)
                                from
                                  job_workers w
                                where
                                  w.seen_at > now() - interval '60 seconds'
                              )
                            )
                          )::int
                        end
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ),
                    (
                      select
                        l.most_running
                      from
                        job_limits l
                      where
                        l.portfolio_id = jobs.portfolio_id
                        and l.kind = jobs.kind
                    )
                  ) as most
                union all
                select
                  2,
                  'portfolio',
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.portfolio_id = jobs.portfolio_id
                  ),
                  least(
                    (
                      select
                        case
                          when max((w.shares ->> 'all')::float8) < 1 then greatest(
                            1,
                            ceil(
                              max((w.shares ->> 'all')::float8) * (
                                select
                                  sum(slot.value::int)
                                from
                                  job_workers w,
                                  jsonb_each_text(w.slots) as slot
                                where
                                  w.seen_at > now() - interval '60 seconds'
                              )
                            )
                          )::int
                        end
                      from
                        job_workers w
                      where
                        w.seen_at > now() - interval '60 seconds'
                    ),
                    (
                      select
                        l.most_running
                      from
                        job_limits l
                      where
                        l.portfolio_id = jobs.portfolio_id
                        and l.kind is null
                    )
                  )
                union all
                select
                  3,
                  'platform',
                  (
                    select
                      count(*)::int
                    from
                      jobs r
                    where
                      r.state = 'running'
                      and r.kind = jobs.kind
                  ),
                  l.most_running
                from
                  job_limits l
                where
                  l.portfolio_id is null
                  and l.kind = jobs.kind
              ) rule
            where
              running >= most
          ) reached
        order by
          rank
        limit
          1
      ),
      json_build_object(
        'for',
        'worker',
        'place',
        (
          select
            count(*)::int
          from
            (
              select
              from
                job_queue q
              where
                q.due
                and q.kind = jobs.kind
                and q.portfolio_id = jobs.portfolio_id
                and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
              limit
                1000
            ) as line
        )
      )
    )
  end,
  case
    when jobs.state = 'running' then jobs.lease_until < now()
    when jobs.state <> 'queued' then false
    when not exists (
      select
      from
        job_queue q
      where
        q.job_id = jobs.id
        and q.due
        and q.ready_at < now() - make_interval(secs => 300)
    ) then false
    when (
      exists (
        select
        from
          job_pauses pause
        where
          coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
          and coalesce(pause.kind, jobs.kind) = jobs.kind
      )
      or jobs.portfolio_id = any (
        array(
          select
            id
          from
            portfolios
          where
            binned_at is not null
        )
      )
    )
    or exists (
      select
      from
        (
          select
            rule.*
          from
            (
              select
                1 as rank,
                'kind' as of,
                (
                  select
                    count(*)::int
                  from
                    jobs r
                  where
                    r.state = 'running'
                    and r.portfolio_id = jobs.portfolio_id
                    and r.kind = jobs.kind
                ) as running,
                least(
                  (
                    select
                      case
                        when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                          1,
                          ceil(
                            max((w.shares ->> jobs.kind)::float8) * (
                              select
                                sum((w.slots ->> jobs.kind)::int)
                              from
                                job_workers w
                              where
                                w.seen_at > now() - interval '60 seconds'
                            )
                          )
                        )::int
                      end
                    from
                      job_workers w
                    where
                      w.seen_at > now() - interval '60 seconds'
                  ),
                  (
                    select
                      l.most_running
                    from
                      job_limits l
                    where
                      l.portfolio_id = jobs.portfolio_id
                      and l.kind = jobs.kind
                  )
                ) as most
              union all
              select
                2,
                'portfolio',
                (
                  select
                    count(*)::int
                  from
                    jobs r
                  where
                    r.state = 'running'
                    and r.portfolio_id = jobs.portfolio_id
                ),
                least(
                  (
                    select
                      case
                        when max((w.shares ->> 'all')::float8) < 1 then greatest(
                          1,
                          ceil(
                            max((w.shares ->> 'all')::float8) * (
                              select
                                sum(slot.value::int)
                              from
                                job_workers w,
                                jsonb_each_text(w.slots) as slot
                              where
                                w.seen_at > now() - interval '60 seconds'
                            )
                          )
                        )::int
                      end
                    from
                      job_workers w
                    where
                      w.seen_at > now() - interval '60 seconds'
                  ),
                  (
                    select
                      l.most_running
                    from
                      job_limits l
                    where
                      l.portfolio_id = jobs.portfolio_id
                      and l.kind is null
                  )
                )
              union all
              select
                3,
                'platform',
                (
                  select
                    count(*)::int
                  from
                    jobs r
                  where
                    r.state = 'running'
                    and r.kind = jobs.kind
                ),
                l.most_running
              from
                job_limits l
              where
                l.portfolio_id is null
                and l.kind = jobs.kind
            ) rule
          where
            running >= most
        ) reached
    ) then false
    else coalesce(
      (
        select
          sum((w.slots ->> jobs.kind)::int)
        from
          job_workers w
        where
          w.seen_at > now() - interval '60 seconds'
      ) > (
        select
          count(*)::int
        from
          jobs r
        where
          r.state = 'running'
          and r.kind = jobs.kind
      ),
      true
    )
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
            and portfolios.id || ' ' || jobs.kind <> all (:hidden::text[])
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

-- job_lock_limits
select
  pg_advisory_xact_lock(hashtextextended ('job limits', 0))
from
  (
    select
  ) as one;

-- job_mark_file_deleted
with
  marked as (
    update jobs
    set
      result = result || jsonb_build_object('deletedAt', to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    where
      jobs.id = :id
      and result ? 'key'
      and not result ? 'deletedAt'
    returning
      result ->> 'key' as key
  ),
  recorded as (
    insert into
      removable_objects (key, at_once)
    select
      key,
      true
    from
      marked
    on conflict (key) do update
    set
      since = now(),
      at_once = true
  )
select
  key
from
  marked;

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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'dead',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  ),
  webhook_event as (
    insert into
      webhook_events (portfolio_id, type, data, traceparent)
    select
      portfolio_id,
      ended.type,
      jsonb_build_object('jobId', id, 'kind', kind, 'title', title, 'state', state, 'attempt', attempt, 'error', error),
      traceparent
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
  traceparent,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_news
select
  cursor,
  is_of_future,
  events,
  changes
from
  (
    with
      fresh as (
        select
          job_events.*
        from
          job_events
        where
          job_events.xid >= pg_snapshot_xmax(:cursor::pg_snapshot)
        union all
        select
          job_events.*
        from
          job_events
        where
          job_events.xid = any (
            array(
              select
                pg_snapshot_xip(:cursor::pg_snapshot)
            )
          )
      )
    select
      pg_current_snapshot()::text as cursor,
      coalesce(pg_snapshot_xmax(:cursor::pg_snapshot) > pg_snapshot_xmax(pg_current_snapshot()), false) as is_of_future,
      (
        select
          coalesce(
            json_agg(
              json_build_object(
                'jobId',
                job_events.job_id,
                'event',
                json_build_object(
                  'seq',
                  job_events.seq,
                  'at',
                  to_char(job_events.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                  'type',
                  job_events.type,
                  'state',
                  job_events.state,
                  'attempt',
                  job_events.attempt,
                  'progress',
                  job_events.progress,
                  'step',
                  job_events.step,
                  'error',
                  job_events.error
                )
              )
              order by
                job_events.seq
            ),
            '[]'
          )
        from
          fresh as job_events
        where
          job_events.job_id = any (:jobs)
      ) as events,
      (
        select
          coalesce(
            json_agg(
              json_build_object(
                'portfolioId',
                jobs.portfolio_id,
                'watchers',
                coalesce(watchers, '[]'),
                'job',
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
                  'traceId',
                  substr(jobs.traceparent, 4, 32),
                  'retryAt',
                  case
                    when jobs.state = 'queued'
                    and jobs.attempt > 0 then to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                  end,
                  'waiting',
                  case
                    when jobs.state <> 'queued' then null
                    when exists (
                      select
                        e.id
                      from
                        jobs e
                      where
                        e.group_key = jobs.group_key
                        and e.state in ('queued', 'running')
                        and e.turn < jobs.turn
                      order by
                        e.turn
                    ) then json_build_object(
                      'for',
                      'turn',
                      'jobId',
                      (
                        select
                          e.id
                        from
                          jobs e
                        where
                          e.group_key = jobs.group_key
                          and e.state in ('queued', 'running')
                          and e.turn < jobs.turn
                        order by
                          e.turn
                        limit
                          1
                      ),
                      'place',
                      (
                        select
                          count(*)::int
                        from
                          (
                            select
                              e.id
                            from
                              jobs e
                            where
                              e.group_key = jobs.group_key
                              and e.state in ('queued', 'running')
                              and e.turn < jobs.turn
                            order by
                              e.turn
                            limit
                              1000
                          ) as line
                      )
                    )
                    when jobs.run_at > now() then json_build_object('for', 'time', 'until', to_char(jobs.run_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                    when (
                      exists (
                        select
                        from
                          job_pauses pause
                        where
                          coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
                          and coalesce(pause.kind, jobs.kind) = jobs.kind
                      )
                      or jobs.portfolio_id = any (
                        array(
                          select
                            id
                          from
                            portfolios
                          where
                            binned_at is not null
                        )
                      )
                    ) then json_build_object('for', 'pause')
                    else coalesce(
                      (
                        select
                          json_build_object(
                            'for',
                            'limit',
                            'of',
                            of,
                            'limit',
                            most,
                            'place',
                            (
                              select
                                count(*)::int
                              from
                                (
                                  select
                                  from
                                    job_queue q
                                  where
                                    q.due
                                    and q.kind = jobs.kind
                                    and q.portfolio_id = jobs.portfolio_id
                                    and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                                  limit
                                    1000
                                ) as line
                            )
                          )
                        from
                          (
                            select
                              rule.*
                            from
                              (
                                select
                                  1 as rank,
                                  'kind' as of,
                                  (
                                    select
                                      count(*)::int
                                    from
                                      jobs r
                                    where
                                      r.state = 'running'
                                      and r.portfolio_id = jobs.portfolio_id
                                      and r.kind = jobs.kind
                                  ) as running,
                                  least(
                                    (
                                      select
                                        case
                                          when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                                            1,
                                            ceil(
                                              max((w.shares ->> jobs.kind)::float8) * (
                                                select
                                                  sum((w.slots ->> jobs.kind)::int)
                                                from
                                                  job_workers w
                                                where
                                                  w.seen_at > now() - interval '60 seconds'
                                              )
                                            )
                                          )::int
                                        end
                                      from
                                        job_workers w
                                      where
                                        w.seen_at > now() - interval '60 seconds'
                                    ),
                                    (
                                      select
                                        l.most_running
                                      from
                                        job_limits l
                                      where
                                        l.portfolio_id = jobs.portfolio_id
                                        and l.kind = jobs.kind
                                    )
                                  ) as most
                                union all
                                select
                                  2,
                                  'portfolio',
                                  (
                                    select
                                      count(*)::int
                                    from
                                      jobs r
                                    where
                                      r.state = 'running'
                                      and r.portfolio_id = jobs.portfolio_id
                                  ),
                                  least(
                                    (
                                      select
                                        case
                                          when max((w.shares ->> 'all')::float8) < 1 then greatest(
                                            1,
                                            ceil(
                                              max((w.shares ->> 'all')::float8) * (
                                                select
                                                  sum(slot.value::int)
                                                from
                                                  job_workers w,
                                                  jsonb_each_text(w.slots) as slot
                                                where
                                                  w.seen_at > now() - interval '60 seconds'
                                              )
                                            )
                                          )::int
                                        end
                                      from
                                        job_workers w
                                      where
                                        w.seen_at > now() - interval '60 seconds'
                                    ),
                                    (
                                      select
                                        l.most_running
                                      from
                                        job_limits l
                                      where
                                        l.portfolio_id = jobs.portfolio_id
                                        and l.kind is null
                                    )
                                  )
                                union all
                                select
                                  3,
                                  'platform',
                                  (
                                    select
                                      count(*)::int
                                    from
                                      jobs r
                                    where
                                      r.state = 'running'
                                      and r.kind = jobs.kind
                                  ),
                                  l.most_running
                                from
                                  job_limits l
                                where
                                  l.portfolio_id is null
                                  and l.kind = jobs.kind
                              ) rule
                            where
                              running >= most
                          ) reached
                        order by
                          rank
                        limit
                          1
                      ),
                      json_build_object(
                        'for',
                        'worker',
                        'place',
                        (
                          select
                            count(*)::int
                          from
                            (
                              select
                              from
                                job_queue q
                              where
                                q.due
                                and q.kind = jobs.kind
                                and q.portfolio_id = jobs.portfolio_id
                                and (q.priority, q.turn) <= (jobs.priority, jobs.turn)
                              limit
                                1000
                            ) as line
                        )
                      )
                    )
                  end,
                  'stalled',
                  case
                    when jobs.state = 'running' then jobs.lease_until < now()
                    when jobs.state <> 'queued' then false
                    when not exists (
                      select
                      from
                        job_queue q
                      where
                        q.job_id = jobs.id
                        and q.due
                        and q.ready_at < now() - make_interval(secs => 300)
                    ) then false
                    when (
                      exists (
                        select
                        from
                          job_pauses pause
                        where
                          coalesce(pause.portfolio_id, jobs.portfolio_id) = jobs.portfolio_id
                          and coalesce(pause.kind, jobs.kind) = jobs.kind
                      )
                      or jobs.portfolio_id = any (
                        array(
                          select
                            id
                          from
                            portfolios
                          where
                            binned_at is not null
                        )
                      )
                    )
                    or exists (
                      select
                      from
                        (
                          select
                            rule.*
                          from
                            (
                              select
                                1 as rank,
                                'kind' as of,
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.portfolio_id = jobs.portfolio_id
                                    and r.kind = jobs.kind
                                ) as running,
                                least(
                                  (
                                    select
                                      case
                                        when max((w.shares ->> jobs.kind)::float8) < 1 then greatest(
                                          1,
                                          ceil(
                                            max((w.shares ->> jobs.kind)::float8) * (
                                              select
                                                sum((w.slots ->> jobs.kind)::int)
                                              from
                                                job_workers w
                                              where
                                                w.seen_at > now() - interval '60 seconds'
                                            )
                                          )
                                        )::int
                                      end
                                    from
                                      job_workers w
                                    where
                                      w.seen_at > now() - interval '60 seconds'
                                  ),
                                  (
                                    select
                                      l.most_running
                                    from
                                      job_limits l
                                    where
                                      l.portfolio_id = jobs.portfolio_id
                                      and l.kind = jobs.kind
                                  )
                                ) as most
                              union all
                              select
                                2,
                                'portfolio',
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.portfolio_id = jobs.portfolio_id
                                ),
                                least(
                                  (
                                    select
                                      case
                                        when max((w.shares ->> 'all')::float8) < 1 then greatest(
                                          1,
                                          ceil(
                                            max((w.shares ->> 'all')::float8) * (
                                              select
                                                sum(slot.value::int)
                                              from
                                                job_workers w,
                                                jsonb_each_text(w.slots) as slot
                                              where
                                                w.seen_at > now() - interval '60 seconds'
                                            )
                                          )
                                        )::int
                                      end
                                    from
                                      job_workers w
                                    where
                                      w.seen_at > now() - interval '60 seconds'
                                  ),
                                  (
                                    select
                                      l.most_running
                                    from
                                      job_limits l
                                    where
                                      l.portfolio_id = jobs.portfolio_id
                                      and l.kind is null
                                  )
                                )
                              union all
                              select
                                3,
                                'platform',
                                (
                                  select
                                    count(*)::int
                                  from
                                    jobs r
                                  where
                                    r.state = 'running'
                                    and r.kind = jobs.kind
                                ),
                                l.most_running
                              from
                                job_limits l
                              where
                                l.portfolio_id is null
                                and l.kind = jobs.kind
                            ) rule
                          where
                            running >= most
                        ) reached
                    ) then false
                    else coalesce(
                      (
                        select
                          sum((w.slots ->> jobs.kind)::int)
                        from
                          job_workers w
                        where
                          w.seen_at > now() - interval '60 seconds'
                      ) > (
                        select
                          count(*)::int
                        from
                          jobs r
                        where
                          r.state = 'running'
                          and r.kind = jobs.kind
                      ),
                      true
                    )
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
              )
              order by
                jobs.updated_at,
                jobs.id
            ),
            '[]'
          )
        from
          jobs
          join portfolios on portfolios.id = jobs.portfolio_id
          and portfolios.binned_at is null
          cross join lateral (
            select
              json_agg(
                json_build_object(
                  'personId',
                  members.person_id,
                  'role',
                  members.role,
                  'tokensNotBefore',
                  to_char(members.tokens_not_before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                )
              ) as watchers
            from
              members
            where
              members.portfolio_id = jobs.portfolio_id
              and members.person_id = any (:people)
          ) as watching
        where
          jobs.id in (
            select
              job_id
            from
              fresh
          )
          and (
            watchers is not null
            or jobs.portfolio_id = any (:portfolios)
          )
      ) as changes
  ) as news;

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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'progress',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  traceparent,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_queue_mark_due
update job_queue
set
  due = true,
  ready_at = job_queue.run_at
where
  job_queue.job_id = any (
    array(
      select
        job_id
      from
        job_queue
      where
        not due
        and run_at <= now()
      order by
        run_at
      limit
        1000
      for update
        skip locked
    )
  )
returning
  kind;

-- job_raise_group_priority
update jobs
set
  priority = :priority
where
  jobs.group_key = :groupKey
  and jobs.state = 'queued'
  and jobs.priority > :priority;

-- job_redrive
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
            jobs.state in ('failed', 'cancelled', 'dead')
            and jobs.kind <> 'webhook.deliver'
            and jobs.portfolio_id <> all (
              array(
                select
                  id
                from
                  portfolios
                where
                  binned_at is not null
              )
            )
            and (
              jobs.kind = any (:kinds)
              and jobs.state = any (:states)
            )
            and (
              jobs.id >= :firstId
              and jobs.id < :lastId
              and jobs.created_at >= coalesce(:createdAfter::timestamptz, '-infinity')
              and jobs.created_at < coalesce(:createdBefore::timestamptz, 'infinity')
            )
            and coalesce(jobs.error ->> 'code' = :errorCode, :errorCode::text is null)
            and coalesce(jobs.portfolio_id = :portfolioId, :portfolioId::text is null)
            and coalesce(jobs.id = any (:ids::text[]), true)
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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'requeued',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  traceparent,
  attempt,
  max_attempts,
  last_seq
from
  changed;

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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'requeued',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  traceparent,
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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'lost',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  traceparent,
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
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'requeued',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  traceparent,
  attempt,
  max_attempts,
  last_seq
from
  changed;

-- job_result
select
  kind,
  state,
  result
from
  jobs
where
  jobs.id = :id;

-- job_undo_claim
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
      run_at = now(),
      enqueued_at = null,
      max_attempts = jobs.max_attempts + 1,
      lease_token = null,
      lease_until = null
    where
      jobs.state in ('running')
      and jobs.lease_token = :token
      and jobs.cancel_requested_at is null
    returning
      jobs.*
  ),
  event as (
    insert into
      job_events (job_id, seq, type, state, attempt, progress, step, error, worker)
    select
      id,
      last_seq,
      'postponed',
      state,
      attempt,
      progress,
      step,
      error,
      worker
    from
      changed
  )
select
  id,
  portfolio_id,
  kind,
  state,
  payload,
  traceparent,
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

-- job_unreadable_seconds
select
  extract(
    epoch
    from
      now() - min(at)
  )::float8
from
  job_events
where
  job_events.job_id = :id
  and job_events.error ->> 'code' = :code;

-- job_worker_report
insert into
  job_workers (id, slots, shares, dead_letters, started_at, seen_at)
values
  (:id, :slots::jsonb, :shares::jsonb, :deadLetters, default, default)
on conflict (id) do update
set
  slots = excluded.slots,
  shares = excluded.shares,
  dead_letters = excluded.dead_letters,
  seen_at = now();
