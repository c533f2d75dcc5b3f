-- The tables of FlexMeasures 1.0 (alembic revision 3bc1e29ca1f4) in schema public, with its exact names, columns, types, defaults,
-- keys and indexes: a public contract that dashboards, bridges and FlexMeasures itself read. Ours live in schema cariflex.
-- Safe on a database that FlexMeasures made at this revision: every statement steps aside for what is already there.
-- The tables below "Of older times" are empty in every recent FlexMeasures; they exist there, so they exist here.

do $$
begin
  if to_regclass('public.alembic_version') is not null then
    if exists (select from public.alembic_version where version_num <> '3bc1e29ca1f4') then
      raise exception 'The database holds FlexMeasures tables of another revision (%).', (select string_agg(version_num, ', ') from public.alembic_version)
        using hint = 'Bring it to FlexMeasures 1.0 first: flexmeasures db upgrade 3bc1e29ca1f4. Then start Cariflex on it.';
    end if;
  elsif to_regclass('public.timed_belief') is not null then
    raise exception 'The database holds FlexMeasures tables but no table alembic_version that names their revision.'
      using hint = 'Restore alembic_version, or give Cariflex an empty database.';
  end if;
end $$;

-- Wanted by FlexMeasures for distances on the map. A user without the right to create them goes on without: Cariflex needs neither.
do $$
begin
  create extension if not exists cube with schema public;
  create extension if not exists earthdistance with schema public;
exception when insufficient_privilege or undefined_file or feature_not_supported then
  raise notice 'extensions cube and earthdistance are not available: %', sqlerrm;
end $$;

do $$
begin
  if to_regtype('public.annotation_type') is null then
    create type public.annotation_type as enum ('alert', 'holiday', 'label', 'feedback', 'warning', 'error');
  end if;
  if to_regtype('public.ratelimitkey') is null then
    create type public.ratelimitkey as enum ('ACCOUNT_PLUS_ASSET', 'ACCOUNT', 'USER');
  end if;
end $$;

create table if not exists public.alembic_version (
  version_num varchar(32) not null constraint alembic_version_pkc primary key
);

create table if not exists public.latest_task_run (
  name varchar(80) constraint latest_task_run_pkey primary key,
  datetime timestamptz,
  status boolean
);

-- Accounts, users, roles

create table if not exists public.plan (
  id serial constraint plan_pkey primary key,
  name varchar(80) not null constraint plan_name_key unique,
  default_rate_limit varchar(80),
  trigger_rate_limit varchar(80),
  rate_limit_key public.ratelimitkey,
  max_users integer,
  max_assets integer,
  max_clients integer,
  legacy boolean not null default false
);

create table if not exists public.account (
  id serial constraint account_pkey primary key,
  name varchar(100) constraint account_name_key unique,
  consultancy_account_id integer constraint account_consultancy_account_id_account_fkey references public.account (id),
  primary_color varchar(7),
  secondary_color varchar(7),
  logo_url varchar(255),
  attributes jsonb not null default '{}'::jsonb,
  secrets jsonb not null default '{}'::jsonb,
  plan_id integer constraint account_plan_id_plan_fkey references public.plan (id)
);

create table if not exists public.account_role (
  id serial constraint account_role_pkey primary key,
  name varchar(80) constraint account_role_name_key unique,
  description varchar(255)
);

create table if not exists public.roles_accounts (
  id serial constraint roles_accounts_pkey primary key,
  account_id integer constraint roles_accounts_account_id_account_fkey references public.account (id),
  role_id integer constraint roles_accounts_role_id_account_role_fkey references public.account_role (id),
  constraint roles_accounts_role_id_key unique (role_id, account_id)
);

-- last_login_at and last_seen_at are UTC without saying so.
create table if not exists public.fm_user (
  id serial constraint fm_user_pkey primary key,
  email varchar(255) constraint fm_user_email_key unique,
  username varchar(255) constraint fm_user_username_key unique,
  password varchar(255),
  last_login_at timestamp,
  login_count integer,
  active boolean,
  timezone varchar(255),
  fs_uniquifier varchar(64) not null constraint fm_user_fs_uniquifier_key unique,
  account_id integer not null constraint fm_user_account_id_account_fkey references public.account (id),
  last_seen_at timestamp,
  tf_totp_secret text,
  tf_primary_method varchar(255) default 'email'
);

create table if not exists public.role (
  id serial constraint role_pkey primary key,
  name varchar(80) constraint role_name_key unique,
  description varchar(255)
);

create table if not exists public.roles_users (
  id serial constraint bvp_roles_users_pkey primary key,
  user_id integer constraint bvp_roles_users_user_id_bvp_users_fkey references public.fm_user (id),
  role_id integer constraint bvp_roles_users_role_id_bvp_roles_fkey references public.role (id),
  constraint roles_users_role_id_key unique (role_id, user_id)
);

-- Assets, sensors, sources, beliefs

create table if not exists public.generic_asset_type (
  id serial constraint generic_asset_type_pkey primary key,
  name varchar(80) constraint generic_asset_type_name_key unique,
  description varchar(80)
);

create table if not exists public.generic_asset (
  id serial constraint generic_asset_pkey primary key,
  name varchar(80),
  latitude double precision,
  longitude double precision,
  generic_asset_type_id integer not null
    constraint generic_asset_generic_asset_type_id_generic_asset_type_fkey references public.generic_asset_type (id),
  account_id integer constraint generic_asset_account_id_account_fkey references public.account (id) on delete cascade,
  attributes jsonb not null,
  parent_asset_id integer
    constraint generic_asset_parent_asset_id_generic_asset_fkey references public.generic_asset (id) on delete cascade,
  sensors_to_show jsonb not null default '[]'::json,
  flex_context jsonb not null default '{}'::json,
  flex_model jsonb not null default '{}'::json,
  sensors_to_show_as_kpis jsonb not null default '[]'::json,
  external_id varchar(80),
  secrets jsonb not null default '{}'::jsonb,
  description text,
  constraint generic_asset_self_reference_ck check (parent_asset_id <> id),
  constraint generic_asset_account_id_external_id_key unique (account_id, external_id)
);
create unique index if not exists generic_asset_name_parent_asset_id_key
  on public.generic_asset (name, parent_asset_id) where parent_asset_id is not null;
create unique index if not exists generic_asset_root_account_id_name_key
  on public.generic_asset (account_id, name) where parent_asset_id is null and account_id is not null;
create unique index if not exists generic_asset_public_root_name_key
  on public.generic_asset (name) where parent_asset_id is null and account_id is null;

create table if not exists public.sensor (
  id serial constraint sensor_pkey primary key,
  name varchar(120) not null,
  unit varchar(80) not null,
  timezone varchar(80) not null,
  event_resolution interval not null,
  knowledge_horizon_fnc varchar(80) not null,
  knowledge_horizon_par json not null,
  generic_asset_id integer not null
    constraint sensor_generic_asset_id_generic_asset_fkey references public.generic_asset (id) on delete cascade,
  attributes jsonb not null,
  constraint sensor_name_generic_asset_id_key unique (name, generic_asset_id)
);

create table if not exists public.data_source (
  id serial constraint data_sources_pkey primary key,
  name varchar(120) not null,
  type varchar(80),
  user_id integer constraint data_source_user_id_key unique,
  model varchar(80),
  version varchar(17),
  attributes jsonb not null default '{}'::json,
  attributes_hash bytea,
  account_id integer,
  constraint data_source_name_key unique (name, user_id, account_id, model, version, attributes_hash)
);

create table if not exists public.timed_belief (
  event_start timestamptz not null,
  belief_horizon interval not null,
  cumulative_probability double precision not null,
  event_value double precision not null,
  sensor_id integer not null constraint timed_belief_sensor_id_sensor_fkey references public.sensor (id) on delete cascade,
  source_id integer not null constraint timed_belief_source_id_data_source_fkey references public.data_source (id),
  constraint timed_belief_pkey primary key (event_start, belief_horizon, cumulative_probability, sensor_id, source_id)
);
create index if not exists timed_belief_event_start_idx on public.timed_belief (event_start);
create index if not exists timed_belief_sensor_id_idx on public.timed_belief (sensor_id);
create index if not exists timed_belief_search_session_idx
  on public.timed_belief (event_start, sensor_id, source_id) include (belief_horizon);
create index if not exists timed_belief_search_session_singleevent_idx on public.timed_belief (sensor_id, event_start);

-- Annotations and audit

create table if not exists public.annotation (
  id serial constraint annotation_pkey primary key,
  start timestamptz not null,
  "end" timestamptz not null,
  belief_time timestamptz,
  source_id integer not null constraint annotation_source_id_data_source_fkey references public.data_source (id),
  type public.annotation_type not null,
  content varchar(1024) not null,
  constraint annotation_content_key unique (content, start, belief_time, source_id, type)
);

create table if not exists public.annotations_accounts (
  id serial constraint annotations_accounts_pkey primary key,
  account_id integer constraint annotations_accounts_account_id_account_fkey references public.account (id) on delete cascade,
  annotation_id integer
    constraint annotations_accounts_annotation_id_annotation_fkey references public.annotation (id) on delete cascade,
  constraint annotations_accounts_annotation_id_key unique (annotation_id, account_id)
);

create table if not exists public.annotations_assets (
  id serial constraint annotations_assets_pkey primary key,
  generic_asset_id integer
    constraint annotations_assets_generic_asset_id_generic_asset_fkey references public.generic_asset (id) on delete cascade,
  annotation_id integer
    constraint annotations_assets_annotation_id_annotation_fkey references public.annotation (id) on delete cascade,
  constraint annotations_assets_annotation_id_key unique (annotation_id, generic_asset_id)
);

create table if not exists public.annotations_sensors (
  id serial constraint annotations_sensors_pkey primary key,
  sensor_id integer constraint annotations_sensors_sensor_id_sensor_fkey references public.sensor (id) on delete cascade,
  annotation_id integer
    constraint annotations_sensors_annotation_id_annotation_fkey references public.annotation (id) on delete cascade,
  constraint annotations_sensors_annotation_id_key unique (annotation_id, sensor_id)
);

create table if not exists public.audit_log (
  id serial constraint audit_log_pkey primary key,
  event_datetime timestamp,
  event varchar(500),
  active_user_id integer,
  active_user_name varchar(255),
  affected_user_id integer,
  affected_account_id integer
);

create table if not exists public.asset_audit_log (
  id serial constraint asset_audit_log_pkey primary key,
  event_datetime timestamp,
  event varchar(500),
  active_user_name varchar(255),
  active_user_id integer constraint asset_audit_log_active_user_id_fm_user_fkey references public.fm_user (id) on delete set null,
  affected_asset_id integer
    constraint asset_audit_log_affected_asset_id_generic_asset_fkey references public.generic_asset (id) on delete set null
);

-- Of older times

create table if not exists public.asset_type (
  name varchar(80) constraint asset_type_pkey primary key,
  is_consumer boolean not null,
  is_producer boolean not null,
  can_curtail boolean not null,
  can_shift boolean not null,
  daily_seasonality boolean not null,
  weekly_seasonality boolean not null,
  yearly_seasonality boolean not null,
  display_name varchar(80) default '' constraint asset_type_display_name_key unique,
  hover_label varchar(80)
);

create table if not exists public.market_type (
  name varchar(80) constraint market_type_pkey primary key,
  daily_seasonality boolean not null,
  weekly_seasonality boolean not null,
  yearly_seasonality boolean not null,
  display_name varchar(80) default '' constraint market_type_display_name_key unique
);

create table if not exists public.market (
  id serial constraint market_pkey primary key constraint market_id_sensor_fkey references public.sensor (id),
  name varchar(80) constraint market_name_key unique,
  market_type_name varchar(80) not null
    constraint market_market_type_name_market_type_fkey references public.market_type (name),
  display_name varchar(80) default '' constraint market_display_name_key unique,
  unit varchar(80) not null default '',
  event_resolution interval not null default '00:00:00',
  knowledge_horizon_fnc varchar(80) not null,
  knowledge_horizon_par json not null,
  timezone varchar(80) not null
);

create table if not exists public.asset (
  id serial constraint asset_pkey primary key constraint asset_id_sensor_fkey references public.sensor (id) on delete cascade,
  asset_type_name varchar(80) not null constraint asset_asset_type_name_asset_type_fkey references public.asset_type (name),
  name varchar(80) constraint asset_name_key unique,
  display_name varchar(80) constraint asset_display_name_key unique,
  capacity_in_mw double precision not null,
  latitude double precision not null,
  longitude double precision not null,
  owner_id integer constraint asset_owner_id_bvp_users_fkey references public.fm_user (id) on delete cascade,
  min_soc_in_mwh double precision,
  max_soc_in_mwh double precision,
  soc_in_mwh double precision,
  soc_datetime timestamptz,
  soc_udi_event_id integer,
  unit varchar(80) not null default '',
  market_id integer constraint asset_market_id_market_fkey references public.market (id),
  event_resolution interval not null default '00:00:00',
  knowledge_horizon_fnc varchar(80) not null,
  knowledge_horizon_par json not null,
  timezone varchar(80) not null
);

create table if not exists public.weather_sensor_type (
  name varchar(80) constraint weather_sensor_type_pkey primary key,
  display_name varchar(80) default '' constraint weather_sensor_type_display_name_key unique
);

create table if not exists public.weather_sensor (
  id serial constraint weather_sensor_pkey primary key constraint weather_sensor_id_sensor_fkey references public.sensor (id),
  name varchar(80) constraint weather_sensor_name_key unique,
  weather_sensor_type_name varchar(80) not null
    constraint weather_sensor_weather_sensor_type_name_weather_sensor__1390 references public.weather_sensor_type (name),
  latitude double precision not null,
  longitude double precision not null,
  unit varchar(80) not null default '',
  display_name varchar(80) default '',
  event_resolution interval not null default '00:00:00',
  knowledge_horizon_fnc varchar(80) not null,
  knowledge_horizon_par json not null,
  timezone varchar(80) not null,
  constraint weather_sensor_type_name_latitude_longitude_key unique (weather_sensor_type_name, latitude, longitude)
);

create table if not exists public.power (
  datetime timestamptz not null,
  sensor_id integer not null constraint power_sensor_id_sensor_fkey references public.sensor (id) on delete cascade,
  value double precision not null,
  horizon interval not null,
  data_source_id integer not null constraint power_data_source_data_sources_fkey references public.data_source (id),
  constraint power_pkey primary key (datetime, sensor_id, horizon, data_source_id)
);

create table if not exists public.price (
  datetime timestamptz not null,
  sensor_id integer not null constraint price_sensor_id_sensor_fkey references public.sensor (id),
  value double precision not null,
  horizon interval not null,
  data_source_id integer not null constraint price_data_source_data_sources_fkey references public.data_source (id),
  constraint price_pkey primary key (datetime, sensor_id, horizon, data_source_id)
);

create table if not exists public.weather (
  sensor_id integer not null constraint weather_sensor_id_sensor_fkey references public.sensor (id),
  datetime timestamptz not null,
  value double precision not null,
  horizon interval not null,
  data_source_id integer not null constraint weather_data_source_data_sources_fkey references public.data_source (id),
  constraint weather_pkey primary key (datetime, sensor_id, horizon, data_source_id)
);

-- What a fresh FlexMeasures holds. The order of the asset types gives their ids 1 to 8, which clients rely on.

insert into public.alembic_version (version_num)
select '3bc1e29ca1f4' where not exists (select from public.alembic_version);

insert into public.generic_asset_type (name, description)
select name, description
from (values
  (1, 'solar', 'solar panel(s)'),
  (2, 'wind', 'wind turbine'),
  (3, 'one-way_evse', 'uni-directional Electric Vehicle Supply Equipment'),
  (4, 'two-way_evse', 'bi-directional Electric Vehicle Supply Equipment'),
  (5, 'battery', 'stationary battery'),
  (6, 'building', 'building'),
  (7, 'process', 'process'),
  (8, 'heat-storage', 'thermal storage / buffer')
) as wanted (place, name, description)
where not exists (select from public.generic_asset_type)
order by place;

insert into public.role (name, description)
select name, description
from (values
  (1, 'admin', 'Super user'),
  (2, 'admin-reader', 'Can read everything'),
  (3, 'account-admin', 'Can update and delete data in their account (e.g. assets, sensors, users, beliefs)'),
  (4, 'consultant', 'Can read everything in consultancy client accounts')
) as wanted (place, name, description)
where not exists (select from public.role)
order by place;

insert into public.account_role (name, description)
select name, description
from (values
  (1, 'Prosumer', 'A consumer who might also produce'),
  (2, 'MDC', 'Metering Data Company'),
  (3, 'Supplier', 'Supplier of energy'),
  (4, 'Aggregator', 'Aggregator of energy flexibility'),
  (5, 'ESCO', 'Energy Service Company')
) as wanted (place, name, description)
where not exists (select from public.account_role)
order by place;
