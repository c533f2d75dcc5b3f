-- What the platform runs: the territory that was established here, and the one registry of devices and their identities whatever the bus.
create table cariflex.territory (
  site integer primary key,
  -- True: the demo island, whose world is simulated.
  demo boolean not null,
  definition jsonb not null,
  established_at timestamptz not null
);

create table cariflex.device (
  id text primary key,
  asset integer not null,
  kind text not null check (kind in ('pv', 'battery', 'evse', 'load')),
  bus text not null,
  -- Name or address on the bus; no two devices share one.
  identity text not null,
  definition jsonb not null,
  unique (bus, identity)
);
create index device_asset on cariflex.device (asset);
