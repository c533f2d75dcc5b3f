-- The functional blocks of the charging room: boot orders, badges and local lists, commands with their effect, reservations, files that go
-- to and from stations, firmware, logs, monitoring, customer information, display messages.

-- What an operator decided of the boot of a station; null = the platform decides.
alter table cariflex.charging_station
  add column boot_order text check (boot_order in ('Accepted', 'Pending', 'Rejected')),
  add column boot_interval integer check (boot_interval >= 0),
  add column monitoring_base text,
  add column monitoring_level integer;

-- Badges: what people call them, who pays attention to them, where they may charge.
alter table cariflex.id_token
  add column nickname text,
  add column is_master boolean not null default false,
  -- Stations, or 'STATION/EVSE', where it may charge; null = everywhere.
  add column places text[],
  add column language text,
  add column personal_message text,
  -- Seconds that a station may keep what it was told of the badge; null = until it expires.
  add column cache_seconds integer check (cache_seconds > 0),
  add column may_be_local boolean not null default true,
  -- false: one session at a time.
  add column may_concur boolean not null default true;
create index id_token_group on cariflex.id_token (group_id) where group_id is not null;

-- Badges that were shown and that nobody knows: people make them known from here.
create table cariflex.unknown_token (
  token text not null,
  type text not null,
  station text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  times integer not null default 1
);
create unique index unknown_token_key on cariflex.unknown_token (lower(token), type);

-- What a station's local authorization list holds, as it acknowledged it.
create table cariflex.local_list (
  station text primary key references cariflex.charging_station on delete cascade,
  version integer not null,
  -- token key → idTokenInfo
  entries jsonb not null,
  sent_at timestamptz not null
);

-- Every message that a person, a program or the platform sent to a station, with the answer and what followed.
create table cariflex.charging_command (
  id bigint generated always as identity primary key,
  station text not null references cariflex.charging_station on delete cascade,
  action text not null,
  payload jsonb not null,
  asked_by text,
  at timestamptz not null,
  -- 'waiting', the station's status word, or the code of what went wrong
  status text not null,
  answer jsonb,
  took_ms double precision,
  -- What the station did about it afterwards.
  effect jsonb,
  effect_at timestamptz
);
create index charging_command_station on cariflex.charging_command (station, id desc);
create index charging_command_at on cariflex.charging_command (at);

create sequence cariflex.charging_request as integer cycle;

create table cariflex.charging_reservation (
  id integer primary key,
  station text not null references cariflex.charging_station on delete cascade,
  evse_id integer,
  connector_type text,
  token text not null,
  token_type text not null,
  group_id text,
  until timestamptz not null,
  -- reserved, used, expired, cancelled, removed
  status text not null,
  transaction_id text,
  made_at timestamptz not null,
  ended_at timestamptz
);
create index charging_reservation_station on cariflex.charging_reservation (station, made_at desc);

-- Files that stations fetch (firmware) or bring (logs), each under a secret of its own.
create table cariflex.station_file (
  id bigint generated always as identity primary key,
  -- SHA-256 of the secret in its address; null once it is of no use any more.
  secret bytea unique,
  direction text not null check (direction in ('to-station', 'from-station')),
  station text,
  name text not null,
  size_limit bigint not null,
  size bigint,
  sha256 bytea,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  filled_at timestamptz
);
create index station_file_made on cariflex.station_file (made_at);
create table cariflex.station_file_part (
  file bigint not null references cariflex.station_file on delete cascade,
  part integer not null,
  bytes bytea not null,
  primary key (file, part)
);

-- What a station was asked to do and tells the progress of by the number of the request: fetch firmware, publish it, bring a log.
create table cariflex.station_errand (
  kind text not null check (kind in ('firmware', 'publish', 'log')),
  station text not null references cariflex.charging_station on delete cascade,
  request_id integer not null,
  location text not null,
  file bigint references cariflex.station_file on delete set null,
  -- What was asked, as it was sent.
  request jsonb not null,
  -- The station's last word.
  status text not null,
  -- running, done, failed, superseded, refused
  outcome text not null default 'running',
  history jsonb not null default '[]',
  asked_by text,
  asked_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (kind, station, request_id)
);
create index station_errand_asked on cariflex.station_errand (kind, asked_at desc);

create table cariflex.variable_history (
  station text not null references cariflex.charging_station on delete cascade,
  key text not null,
  at timestamptz not null,
  value text not null,
  -- report, set, event, get
  origin text not null
);
create index variable_history_key on cariflex.variable_history (station, key, at desc);
create index variable_history_at on cariflex.variable_history (at);

create table cariflex.station_event (
  id bigint generated always as identity primary key,
  station text not null references cariflex.charging_station on delete cascade,
  event_id integer not null,
  at timestamptz not null,
  received_at timestamptz not null,
  component text not null,
  variable text not null,
  evse_id integer,
  connector_id integer,
  trigger text not null,
  kind text not null,
  value text not null,
  cleared boolean not null default false,
  severity smallint,
  monitor_id integer,
  transaction_id text,
  tech_code text,
  tech_info text
);
create index station_event_station on cariflex.station_event (station, id desc);
create index station_event_received on cariflex.station_event (received_at);

create table cariflex.variable_monitor (
  station text not null references cariflex.charging_station on delete cascade,
  monitor_id integer not null,
  key text not null,
  component text not null,
  variable text not null,
  evse_id integer,
  type text not null,
  value double precision not null,
  severity smallint not null,
  only_in_transaction boolean not null default false,
  at timestamptz not null,
  primary key (station, monitor_id)
);

create table cariflex.customer_information (
  request_id integer not null,
  station text not null references cariflex.charging_station on delete cascade,
  customer text,
  cleared boolean not null,
  status text not null,
  text text,
  asked_by text,
  asked_at timestamptz not null,
  complete_at timestamptz,
  primary key (station, request_id)
);

create table cariflex.display_message (
  station text not null references cariflex.charging_station on delete cascade,
  message_id integer not null,
  priority text not null,
  state text,
  starts_at timestamptz,
  ends_at timestamptz,
  transaction_id text,
  format text not null,
  language text,
  content text not null,
  at timestamptz not null,
  primary key (station, message_id)
);
