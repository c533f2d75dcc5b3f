-- Firmware for many stations, in waves: first one, then some, then the rest.
create table cariflex.firmware_campaign (
  id integer generated always as identity primary key,
  name text not null,
  -- Where it comes from and how it is signed, as it is asked of every station.
  firmware jsonb not null,
  -- Wave that may be sent now, from 0; later waves wait for it.
  wave integer not null default 0,
  waves integer not null,
  starts_at timestamptz not null,
  -- It stops when so many stations failed, not counting those that were forgiven when somebody had it go on.
  most_failures integer not null,
  forgiven integer not null default 0,
  -- running, stopped, done
  state text not null default 'running',
  asked_by text,
  asked_at timestamptz not null
);
create table cariflex.firmware_campaign_station (
  campaign integer not null references cariflex.firmware_campaign on delete cascade,
  station text not null references cariflex.charging_station on delete cascade,
  wave integer not null,
  -- waiting, sent, done, failed
  state text not null default 'waiting',
  -- The errand of its last try.
  request_id integer,
  tries integer not null default 0,
  -- Why it failed, in the word of the station or ours.
  said text,
  changed_at timestamptz not null,
  primary key (campaign, station)
);
