-- Stations that also belong to another CSMS: we connect to it as them.
alter table cariflex.charging_station add column upstream text;

-- What an upstream has not heard yet, in the order it is told. `slot`: only the newest of its kind counts.
create table cariflex.upstream_message (
  id bigint generated always as identity primary key,
  station text not null references cariflex.charging_station on delete cascade,
  slot text,
  action text not null,
  payload jsonb not null,
  -- Of a StartTransaction of 1.6: the number that the station was given.
  said integer,
  attempts integer not null default 0,
  at timestamptz not null
);
create index upstream_message_station on cariflex.upstream_message (station, id);
create unique index upstream_message_slot on cariflex.upstream_message (station, slot) where slot is not null;

-- Transactions of 1.6 by the number that the station uses: what they are called here and upstream.
create table cariflex.upstream_transaction (
  station text not null references cariflex.charging_station on delete cascade,
  said integer not null,
  ours integer,
  theirs integer,
  at timestamptz not null,
  primary key (station, said)
);

-- Profiles that the upstream laid and the station took, as the upstream sent them.
create table cariflex.upstream_profile (
  station text not null references cariflex.charging_station on delete cascade,
  profile_id integer not null,
  evse_id integer not null,
  profile jsonb not null,
  primary key (station, profile_id)
);
