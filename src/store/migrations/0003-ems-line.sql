-- The straight line of the EMS: readings of the last hours, plans, orders with receipts, limits, overrides, skill, conversations, alarms.
create schema if not exists cariflex;

-- Raw readings, kept for hours only; what lasts is recorded as beliefs at the sensor's resolution.
create table cariflex.reading (
  sensor integer not null,
  at timestamptz not null,
  value double precision not null,
  device text not null,
  primary key (sensor, at)
);
create index reading_at on cariflex.reading (at);

create table cariflex.plan (
  id text primary key,
  site integer not null,
  made_at timestamptz not null,
  start timestamptz not null,
  until timestamptz not null,
  body json not null
);
create index plan_site on cariflex.plan (site, made_at desc);

create table cariflex.setpoint (
  id bigserial primary key,
  site integer not null,
  device text not null,
  asset integer not null,
  power_w double precision not null,
  at timestamptz not null,
  until timestamptz not null,
  because text not null,
  rung text not null check (rung in ('safety', 'grid', 'contract', 'override', 'plan')),
  -- what the device said when it was told
  told_at timestamptz,
  answer text check (answer in ('taken', 'refused', 'silent')),
  answer_w double precision,
  answer_why text,
  -- what it then did, as measured
  outcome text check (outcome in ('obeyed', 'clipped', 'refused', 'silent')),
  measured_w double precision,
  judged_at timestamptz,
  outcome_why text
);
create index setpoint_device on cariflex.setpoint (device, id desc);
create index setpoint_site on cariflex.setpoint (site, id desc);
create index setpoint_until on cariflex.setpoint (until);

create table cariflex.site_limit (
  id text primary key,
  site integer not null,
  asset integer not null,
  rung text not null check (rung in ('safety', 'grid', 'contract', 'override')),
  from_at timestamptz not null,
  until timestamptz not null,
  max_w double precision,
  min_w double precision,
  scope text not null check (scope in ('device', 'flexible-consumption', 'site-net')),
  because text not null,
  origin text not null,
  made_at timestamptz not null,
  ended_at timestamptz,
  check (max_w is not null or min_w is not null),
  check (until > from_at)
);
create index site_limit_site on cariflex.site_limit (site, until);

create table cariflex.owner_override (
  id text primary key,
  site integer not null,
  device text not null,
  asset integer not null,
  power_w double precision not null,
  from_at timestamptz not null,
  until timestamptz not null,
  because text not null,
  owner text not null,
  made_at timestamptz not null,
  undone_at timestamptz,
  undone_by text,
  check (until > from_at)
);
create index owner_override_site on cariflex.owner_override (site, until);

create table cariflex.forecast_skill (
  sensor integer not null,
  model text not null,
  day date not null,
  asset integer not null,
  rmse double precision not null,
  rmse_persistence double precision not null,
  skill double precision,
  n integer not null,
  made_at timestamptz not null,
  primary key (sensor, model, day)
);

create table cariflex.conversation (
  id bigserial primary key,
  at timestamptz not null,
  peer text not null,
  bus text not null,
  direction text not null check (direction in ('in', 'out')),
  kind text not null,
  action text,
  message text,
  payload jsonb,
  took_ms double precision
);
create index conversation_peer on cariflex.conversation (peer, id desc);
create index conversation_at on cariflex.conversation (at);

create table cariflex.alarm (
  id bigserial primary key,
  asset integer not null,
  code text not null,
  message text not null,
  since timestamptz not null,
  ended_at timestamptz
);
create unique index alarm_active on cariflex.alarm (asset, code) where ended_at is null;
create index alarm_since on cariflex.alarm (since desc);
