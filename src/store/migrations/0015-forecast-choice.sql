-- Which candidates forecast a sensor, chosen by a rolling validation on its past, and how good they were there.
create table cariflex.forecast_choice (
  sensor integer primary key,
  asset integer not null,
  made_at timestamptz not null,
  -- Days of history that were looked at.
  days double precision not null,
  -- Per group of horizons: hours, models, rmse, skill against persistence, and the error of every candidate.
  choices jsonb not null
);
create index forecast_choice_asset on cariflex.forecast_choice (asset);
