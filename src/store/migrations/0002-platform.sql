-- Of the platform itself: jobs, secrets, messages to partners. The table cariflex.migration is made by the migrator.

-- One row a job. Waiting jobs of a queue are taken in the order priority (low first), run_at, serial.
create table cariflex.job (
  id uuid primary key default gen_random_uuid(),
  serial bigint generated always as identity,
  queue text not null,
  unique_key text,
  payload jsonb not null default '{}'::jsonb,
  priority integer not null default 100,
  status text not null default 'QUEUED'
    check (status in ('QUEUED', 'SCHEDULED', 'STARTED', 'FINISHED', 'FAILED', 'CANCELED', 'STOPPED', 'DEFERRED')),
  enqueued_at timestamptz not null,
  run_at timestamptz not null,
  deadline timestamptz,
  tries integer not null default 0,
  max_tries integer not null default 3,
  backoff interval not null default '1 second',
  locked_by text,
  locked_until timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  cancel_requested boolean not null default false,
  progress jsonb,
  result jsonb,
  exc text
);
-- Of one key at most one job waits (and at most one runs: a worker passes over a waiting one while its twin runs).
create unique index job_unique_key on cariflex.job (queue, unique_key)
  where unique_key is not null and status in ('QUEUED', 'SCHEDULED', 'DEFERRED');
create index job_waiting on cariflex.job (queue, priority, run_at, serial) where status in ('QUEUED', 'SCHEDULED');
create index job_started on cariflex.job (queue, unique_key) where status = 'STARTED';
create index job_ended on cariflex.job (ended_at) where ended_at is not null;

-- Keys, certificates, passwords of partners; `sealed` is encrypted with a key that is not in the database.
create table cariflex.secret (
  name text primary key,
  sealed bytea not null,
  description text,
  changed_at timestamptz not null
);

-- Messages to partners, written in the transaction of what they tell and sent afterwards until they are acknowledged.
create table cariflex.outbox (
  id bigint generated always as identity primary key,
  partner text not null,
  kind text not null,
  payload jsonb not null,
  unique_key text unique,
  created_at timestamptz not null,
  send_at timestamptz not null,
  tries integer not null default 0,
  sent_at timestamptz,
  failed_at timestamptz,
  error text
);
create index outbox_waiting on cariflex.outbox (partner, send_at, id) where sent_at is null and failed_at is null;
