-- Beside the beliefs of FlexMeasures' table: figures kept of past days, and what was thinned by policy.

-- One row a sensor, day (UTC) and source: what the beliefs about events that start on that day amount to.
create table cariflex.belief_figure (
  sensor integer not null,
  day date not null,
  source integer not null,
  beliefs bigint not null,
  total double precision not null,
  lowest double precision not null,
  highest double precision not null,
  first_start timestamptz not null,
  last_start timestamptz not null,
  -- the latest event start minus belief horizon: the belief time, but for the sensor's knowledge horizon
  last_belief timestamptz not null,
  primary key (sensor, day, source)
);

-- How far the figures of a sensor reach: all days before `until` are counted.
create table cariflex.belief_figured (
  sensor integer primary key,
  until date not null,
  counted_at timestamptz not null
);

-- Days whose beliefs were changed after they had (or may have) been counted. Written in the transaction of the change, many rows a day are fine.
create table cariflex.belief_change (
  id bigserial primary key,
  sensor integer not null,
  day date not null
);
create index belief_change_sensor on cariflex.belief_change (sensor, day);

-- How far a policy has thinned the beliefs of a sensor. `definition`: when the policy says something else, it begins again.
create table cariflex.belief_thinned (
  policy text not null,
  sensor integer not null,
  until timestamptz not null,
  definition text not null,
  primary key (policy, sensor)
);

-- What was thinned, for good: one row a run, policy and sensor.
create table cariflex.belief_thinning (
  id bigserial primary key,
  ran_at timestamptz not null,
  policy text not null,
  sensor integer not null,
  from_at timestamptz not null,
  until timestamptz not null,
  removed bigint not null,
  kept bigint not null
);
create index belief_thinning_ran on cariflex.belief_thinning (ran_at desc, id desc);
create index belief_thinning_sensor on cariflex.belief_thinning (sensor, id desc);
