-- Of the charging room: tariffs (OCPI 2.2.1), where they hold, and what sessions cost.

-- `target`: the operator a variant is meant for (GIREVE's target_operator, country and party), '' = everybody.
create table cariflex.tariff (
  id text not null check (id <> '' and length(id) <= 36),
  target text not null default '',
  tariff jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (id, target)
);

-- Which tariff holds: the narrowest scope decides, token before evse before station before all. Key: '', identity, identity/evse, token.
create table cariflex.tariff_choice (
  scope text not null check (scope in ('all', 'station', 'evse', 'token')),
  key text not null,
  tariff text not null,
  primary key (scope, key)
);

-- The tariff that held when the session began, as it was then, and the bill once it ended.
create table cariflex.charging_bill (
  station text not null,
  transaction_id text not null,
  tariff jsonb not null,
  currency text not null,
  total_excl numeric,
  total_incl numeric,
  bill jsonb,
  priced_at timestamptz not null,
  primary key (station, transaction_id),
  foreign key (station, transaction_id) references cariflex.charging_transaction on delete cascade
);
