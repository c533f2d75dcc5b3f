-- Addresses that are told of events. What is still to be told lies in the outbox; secrets lie sealed in the secret store.
create table cariflex.webhook (
  id text primary key,
  url text not null,
  -- Patterns of event types: 'device.*', '*'.
  events text[] not null,
  -- Only events about this (a station, a device); null = all.
  about text,
  -- How the body is written: 'cariflex', or the way of another program whose subscriptions we keep.
  form text not null default 'cariflex',
  description text,
  created_by integer,
  created_at timestamptz not null
);
