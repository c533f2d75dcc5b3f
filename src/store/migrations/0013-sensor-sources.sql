-- Who has ever written a sensor. FlexMeasures' table has no index that begins with sensor and source: without these rows, finding the last event
-- of each source means reading all beliefs of the sensor. Learned by looking once, then by what is recorded.
create table cariflex.sensor_source (
  sensor integer not null,
  source integer not null,
  -- the source has written events of the future (prices, forecasts, plans): its last event may lie there
  ahead boolean not null,
  primary key (sensor, source)
);

-- When the beliefs of a sensor were last looked through for sources.
create table cariflex.sensor_surveyed (
  sensor integer primary key,
  at timestamptz not null
);
