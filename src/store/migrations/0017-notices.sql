-- Alarms of one asset and code are one for each wish and cause. Some end by themselves.
alter table cariflex.alarm
  add column cause text not null default '',
  -- The schedule job that cannot keep it.
  add column job uuid,
  -- The moment the wish is about: afterwards nothing can be done.
  add column matters_until timestamptz;
drop index cariflex.alarm_active;
create unique index alarm_active on cariflex.alarm (asset, code, cause) where ended_at is null;

-- Who asked for which schedule, so that they can be told what it cannot keep.
create table cariflex.asker (
  job uuid not null references cariflex.job (id) on delete cascade,
  user_id integer not null references public.fm_user (id) on delete cascade,
  primary key (job, user_id)
);

-- Whom we wrote of which wish and cause, and when last.
create table cariflex.notice (
  user_id integer not null references public.fm_user (id) on delete cascade,
  asset integer not null,
  code text not null,
  cause text not null,
  alarm bigint not null,
  told_at timestamptz not null,
  -- When we wrote that it is over; null while it is not.
  over_at timestamptz,
  primary key (user_id, asset, code, cause)
);
create index notice_told on cariflex.notice (told_at);

-- What an account has chosen for its users.
create table cariflex.account_setting (
  account_id integer not null references public.account (id) on delete cascade,
  name text not null,
  value jsonb not null,
  primary key (account_id, name)
);
