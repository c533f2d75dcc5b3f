-- Of the charging room: stations, what they said of themselves, tokens and cars, transactions and their events, profiles laid on stations.
-- Asset and sensor ids point at the FlexMeasures tables without a foreign key: a station outlives an asset that someone deletes.

-- A station; `state` parked = connected once, unknown to us, waits for a person's approval.
create table cariflex.charging_station (
  identity text primary key check (identity <> '' and length(identity) <= 48),
  state text not null default 'registered' check (state in ('registered', 'parked')),
  asset integer,
  device text unique,
  name text,
  password_hash text,
  power_sensor integer,
  nominal_w double precision not null default 22080,
  max_current_a double precision not null default 32,
  phases smallint not null default 3 check (phases between 1 and 3),
  evse_id integer not null default 1,
  v2g boolean not null default true,
  boot_state text check (boot_state in ('Accepted', 'Pending', 'Rejected')),
  vendor text,
  model text,
  serial_number text,
  firmware text,
  -- What was set on the station at its last onboarding; another hash means: onboard again.
  onboarded_at timestamptz,
  onboarded_as text,
  last_seen timestamptz,
  created_at timestamptz not null
);

create table cariflex.charging_connector (
  station text not null references cariflex.charging_station on delete cascade,
  evse_id integer not null,
  connector_id integer not null,
  status text not null,
  at timestamptz not null,
  primary key (station, evse_id, connector_id)
);

-- The device model: one row a variable and attribute. `key` is the lower-case path (component[instance]@evse.connector/variable[instance]#Attribute).
create table cariflex.charging_variable (
  station text not null references cariflex.charging_station on delete cascade,
  key text not null,
  component text not null,
  variable text not null,
  evse_id integer,
  value text,
  mutability text,
  characteristics jsonb,
  primary key (station, key)
);

create table cariflex.vehicle (
  asset integer primary key,
  device text not null unique,
  soc_sensor integer,
  capacity_wh double precision not null check (capacity_wh > 0),
  floor_wh double precision not null default 0,
  target_wh double precision,
  -- Local time of day at which its driver usually leaves, 'HH:MM'.
  ready_by text,
  v2g boolean not null default false
);

-- Who may charge. Tokens are compared without regard to case; type null = any type.
create table cariflex.id_token (
  token text not null check (token <> '' and length(token) <= 36),
  type text,
  status text not null default 'Accepted',
  valid_until timestamptz,
  group_id text,
  vehicle integer references cariflex.vehicle on delete set null
);
create unique index id_token_key on cariflex.id_token (lower(token));

-- A charging session, folded from its events; an event may add to it late and in any order.
create table cariflex.charging_transaction (
  station text not null references cariflex.charging_station on delete cascade,
  transaction_id text not null,
  evse_id integer,
  connector_id integer,
  id_token text,
  id_token_type text,
  id_token_status text,
  id_token_rank bigint,
  vehicle integer,
  remote_start_id integer,
  reservation_id integer,
  charging_state text,
  state_seq integer,
  phases smallint,
  cable_max_a double precision,
  first_at timestamptz not null,
  last_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  stopped_reason text,
  -- Registers (Wh): begin and last by time of measurement; base holds what was counted before a register went back.
  import_base double precision not null default 0,
  import_begin double precision,
  import_begin_at timestamptz,
  import_last double precision,
  import_last_at timestamptz,
  export_base double precision not null default 0,
  export_begin double precision,
  export_begin_at timestamptz,
  export_last double precision,
  export_last_at timestamptz,
  needs jsonb,
  -- 'orphan' no Started event came · 'offline' · 'meter-went-back' · 'lost' ended by us, the station knew nothing of it · 'sequence-reused'
  flags text[] not null default '{}',
  events integer not null default 0,
  max_seq integer not null default -1,
  primary key (station, transaction_id)
);
create index charging_transaction_open on cariflex.charging_transaction (station) where ended_at is null;
create index charging_transaction_vehicle on cariflex.charging_transaction (vehicle, ended_at desc) where ended_at is not null;
create index charging_transaction_started on cariflex.charging_transaction (first_at);

-- Every TransactionEvent as it came, and the answer it got: a repetition gets the same one.
create table cariflex.transaction_event (
  station text not null,
  transaction_id text not null,
  seq_no integer not null,
  event_type text not null,
  trigger_reason text not null,
  at timestamptz not null,
  received_at timestamptz not null,
  offline boolean not null default false,
  payload jsonb not null,
  response jsonb not null,
  primary key (station, transaction_id, seq_no),
  foreign key (station, transaction_id) references cariflex.charging_transaction on delete cascade
);

-- Measured power and state of charge per EVSE, normalised; the means of the power sensors are made from it. Thinned after two days.
create table cariflex.charging_sample (
  station text not null references cariflex.charging_station on delete cascade,
  evse_id integer not null,
  at timestamptz not null,
  power_w double precision,
  soc_percent double precision,
  primary key (station, evse_id, at)
);
create index charging_sample_at on cariflex.charging_sample (at);

-- What was laid on stations last, per profile id.
create table cariflex.charging_profile (
  station text not null references cariflex.charging_station on delete cascade,
  evse_id integer not null,
  profile_id integer not null,
  purpose text not null,
  stack_level integer not null,
  transaction_id text,
  unit text not null,
  limit_value double precision not null,
  until timestamptz,
  sent_at timestamptz not null,
  status text not null,
  reason text,
  -- What GetCompositeSchedule said afterwards, in W.
  held_w double precision,
  primary key (station, evse_id, profile_id)
);

create table cariflex.security_event (
  id bigint generated always as identity primary key,
  station text not null,
  type text not null,
  at timestamptz not null,
  received_at timestamptz not null,
  address text,
  info text
);
create index security_event_station on cariflex.security_event (station, received_at desc);

create sequence cariflex.remote_start as integer cycle;
