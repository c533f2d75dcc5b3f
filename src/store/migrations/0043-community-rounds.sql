-- What homes declare of their appliances, the rounds that plan them, and the plans in the tables that ELFE's EMS writes.

create table cariflex.community_declaration (
  id bigint generated always as identity primary key,
  -- id of the appliance in the registry
  appliance integer not null check (appliance > 0),
  -- pseudonym of a participant, e.g. R004
  home text,
  -- ELFE's code of the appliance
  type integer not null,
  -- machine, vehicle, water-heater, heating, servo-heating; see docs/explanation/community-rounds.md
  wish jsonb not null,
  declared_at timestamptz not null,
  -- cancelled, started by hand, or replaced by a newer one
  ended_at timestamptz,
  end_reason text check (end_reason in ('cancelled', 'started', 'replaced')),
  check ((ended_at is null) = (end_reason is null))
);
-- one that counts per appliance
create unique index community_declaration_open on cariflex.community_declaration (appliance) where ended_at is null;

create table cariflex.community_round (
  -- first instant of its plan
  start timestamptz primary key,
  made_at timestamptz not null,
  -- cariflex.community.round/1: a replay makes the same plan of it
  inputs jsonb not null,
  -- cariflex.community.plan/1; absent when none was made, and the plan before goes on
  plan jsonb,
  -- code of the problem when none was made
  failure text,
  -- kinds of wishes left out as a last resort
  dropped jsonb not null,
  -- what there is to say of appliances
  says jsonb not null,
  check ((plan is null) = (failure is not null))
);

create table cariflex.community_result (
  id bigint generated always as identity primary key,
  first_valid_timestamp bigint not null,
  machine_id integer not null,
  -- 0 what starts once, 1 what is decided slot by slot
  result_type integer not null,
  machine_type integer not null,
  decisions_0 integer not null, decisions_1 integer not null, decisions_2 integer not null, decisions_3 integer not null, decisions_4 integer not null, decisions_5 integer not null,
  decisions_6 integer not null, decisions_7 integer not null, decisions_8 integer not null, decisions_9 integer not null, decisions_10 integer not null, decisions_11 integer not null,
  decisions_12 integer not null, decisions_13 integer not null, decisions_14 integer not null, decisions_15 integer not null, decisions_16 integer not null, decisions_17 integer not null,
  decisions_18 integer not null, decisions_19 integer not null, decisions_20 integer not null, decisions_21 integer not null, decisions_22 integer not null, decisions_23 integer not null,
  decisions_24 integer not null, decisions_25 integer not null, decisions_26 integer not null, decisions_27 integer not null, decisions_28 integer not null, decisions_29 integer not null,
  decisions_30 integer not null, decisions_31 integer not null, decisions_32 integer not null, decisions_33 integer not null, decisions_34 integer not null, decisions_35 integer not null,
  decisions_36 integer not null, decisions_37 integer not null, decisions_38 integer not null, decisions_39 integer not null, decisions_40 integer not null, decisions_41 integer not null,
  decisions_42 integer not null, decisions_43 integer not null, decisions_44 integer not null, decisions_45 integer not null, decisions_46 integer not null, decisions_47 integer not null,
  decisions_48 integer not null, decisions_49 integer not null, decisions_50 integer not null, decisions_51 integer not null, decisions_52 integer not null, decisions_53 integer not null,
  decisions_54 integer not null, decisions_55 integer not null, decisions_56 integer not null, decisions_57 integer not null, decisions_58 integer not null, decisions_59 integer not null,
  decisions_60 integer not null, decisions_61 integer not null, decisions_62 integer not null, decisions_63 integer not null, decisions_64 integer not null, decisions_65 integer not null,
  decisions_66 integer not null, decisions_67 integer not null, decisions_68 integer not null, decisions_69 integer not null, decisions_70 integer not null, decisions_71 integer not null,
  decisions_72 integer not null, decisions_73 integer not null, decisions_74 integer not null, decisions_75 integer not null, decisions_76 integer not null, decisions_77 integer not null,
  decisions_78 integer not null, decisions_79 integer not null, decisions_80 integer not null, decisions_81 integer not null, decisions_82 integer not null, decisions_83 integer not null,
  decisions_84 integer not null, decisions_85 integer not null, decisions_86 integer not null, decisions_87 integer not null, decisions_88 integer not null, decisions_89 integer not null,
  decisions_90 integer not null, decisions_91 integer not null, decisions_92 integer not null, decisions_93 integer not null, decisions_94 integer not null, decisions_95 integer not null,
  unique (first_valid_timestamp, machine_id)
);

create table cariflex.community_ems_run_info (
  "timestamp" bigint primary key,
  run_time_ms integer not null,
  consumer_count integer not null,
  conso_min_hour_timestamp bigint not null,
  conso_min_hour double precision not null,
  conso_max_hour_timestamp bigint not null,
  conso_max_hour double precision not null
);

-- production less consumption, W
create table cariflex.community_p_c_without_flexible_consumption (
  data_timestamp bigint primary key,
  power double precision not null
);
create table cariflex.community_p_c_with_flexible_consumption (
  data_timestamp bigint primary key,
  power double precision not null
);
