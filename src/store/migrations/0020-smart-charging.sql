-- Smart charging: what models of stations were found to take, the whole profiles laid on them, wishes of drivers, codes of their pages.

-- `learned` is what we found out by trying, `said` what a person knows of the model; the latter wins.
create table cariflex.capability_card (
  vendor text not null,
  model text not null,
  -- '1.6', '2.0.1' or '2.1'
  protocol text not null,
  learned jsonb not null default '{}',
  said jsonb not null default '{}',
  updated_at timestamptz not null,
  primary key (vendor, model, protocol)
);

-- The profile as it was sent; how the station does not keep it, in a sentence.
alter table cariflex.charging_profile add column profile jsonb;
alter table cariflex.charging_profile add column deviation text;

-- What the driver wants of a session; gone with it.
create table cariflex.session_wish (
  station text not null,
  transaction_id text not null,
  wish jsonb not null,
  origin text not null,
  made_at timestamptz not null,
  primary key (station, transaction_id),
  foreign key (station, transaction_id) references cariflex.charging_transaction on delete cascade
);

-- The code on the sticker of an EVSE: whoever has it sees the page of the driver.
create table cariflex.driver_page (
  code text primary key,
  station text not null references cariflex.charging_station on delete cascade,
  evse_id integer not null,
  made_at timestamptz not null,
  unique (station, evse_id)
);
