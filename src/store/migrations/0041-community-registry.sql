-- The hardware registry of a community: what is piloted or measured (appliances) and what it is done with (devices). Codes and ids are ELFE's.

create table cariflex.community_appliance (
  -- equipement_pilote_ou_mesure_id
  id integer primary key check (id > 0),
  -- equipement_pilote_ou_mesure_type_id: of appliances, never of devices
  type integer not null,
  typology integer not null,
  mode integer not null,
  control integer not null,
  command integer not null,
  name text not null,
  description text not null,
  -- pseudonym of a participant, e.g. R004
  participant text,
  power_w double precision,
  -- what the planner wants now
  wanted_on boolean not null,
  started_at timestamptz,
  programmed_at timestamptz,
  -- its row in the coordination database's table for its kind, with the rows below it
  details jsonb
);
create index community_appliance_participant on cariflex.community_appliance (participant);

create table cariflex.community_device (
  id text primary key check (id ~ '^[A-Z][0-9]{1,4}$'),
  appliance integer not null references cariflex.community_appliance (id),
  -- equipement_domotique_type_id: of devices, never of appliances
  type integer not null,
  usage integer not null,
  hardware text,
  brand text,
  participant text,
  control_topic text,
  command_topic text,
  will_topic text,
  -- its row in the coordination database's table for its family
  coordination_id integer
);
create index community_device_appliance on cariflex.community_device (appliance);
