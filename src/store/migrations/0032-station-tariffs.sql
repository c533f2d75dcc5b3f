-- Tariffs at stations: what was laid on each, what a station priced itself, and tariffs that were changed while a session went on.

-- `evse_id` 0: all EVSEs. `sent_as`: the id under which the station knows it; it changes whenever the tariff does.
create table cariflex.station_tariff (
  station text not null references cariflex.charging_station on delete cascade,
  evse_id integer not null,
  tariff text not null,
  sent_as text not null,
  -- How: 'tariff' (OCPP 2.1, the station prices by itself) or 'text' (a price that it only shows).
  way text not null check (way in ('tariff', 'text')),
  -- 'Accepted', or the word of the refusal: the station's, or ours when it was not even sent.
  status text not null,
  reason text,
  at timestamptz not null,
  primary key (station, evse_id)
);

alter table cariflex.charging_bill
  -- [{at, tariff}]: what held from those moments on.
  add column later jsonb not null default '[]',
  -- What the station says that the session cost: {total_excl, total_incl, currency, at, difference, failure}.
  add column station_cost jsonb;
