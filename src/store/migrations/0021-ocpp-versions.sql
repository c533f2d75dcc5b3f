-- Stations of OCPP 1.6 and 2.1.

-- The version a station spoke last: '1.6', '2.0.1' or '2.1'.
alter table cariflex.charging_station add column protocol text;

-- Transactions of 1.6 are numbered by us. A StartTransaction that is said again (its answer was lost) gets the number of the first time.
create sequence cariflex.transaction_16 as integer cycle;
create table cariflex.start_16 (
  station text not null references cariflex.charging_station on delete cascade,
  connector_id integer not null,
  id_tag text not null,
  -- The timestamp as the station wrote it.
  said text not null,
  meter_start double precision not null,
  transaction_id integer not null default nextval('cariflex.transaction_16'),
  received_at timestamptz not null,
  primary key (station, connector_id, id_tag, said, meter_start)
);
create index start_16_received on cariflex.start_16 (received_at);

-- What a station of 2.1 told that nothing of ours acts on yet: streams, energy resources, battery swaps, settlements.
create table cariflex.station_notice (
  id bigint generated always as identity primary key,
  station text not null references cariflex.charging_station on delete cascade,
  action text not null,
  at timestamptz not null,
  payload jsonb not null
);
create index station_notice_station on cariflex.station_notice (station, id desc);
create index station_notice_at on cariflex.station_notice (at);
