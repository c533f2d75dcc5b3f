-- What control keeps of an appliance beside its row of the registry: declaration, slot, what was pressed and what is wished of its device.
create table cariflex.appliance_control (
  appliance integer primary key references cariflex.community_appliance on delete cascade,
  standing jsonb not null
);
-- Every order to a device: why, for which slot, who asked, how it ended.
create table cariflex.device_order (
  id uuid primary key,
  appliance integer not null references cariflex.community_appliance on delete cascade,
  device text not null,
  -- What its device does, {"relay": true} or {"presses": [31, 32]}; what the appliance does is wanted_on.
  deed jsonb not null,
  wanted_on boolean not null,
  because text not null,
  slot timestamptz,
  asked_by text,
  asked_at timestamptz not null,
  expires_at timestamptz,
  -- waiting, sent, acknowledged, failed, refused
  state text not null,
  tries integer not null,
  sent_at timestamptz,
  ack_ms integer,
  reason text
);
create index device_order_device on cariflex.device_order (device, asked_at desc);
create index device_order_open on cariflex.device_order (state) where state in ('waiting', 'sent');
-- Holds a row while everything is manual: the plan gives no orders.
create table cariflex.everything_manual (
  one boolean primary key default true check (one),
  since timestamptz not null,
  asked_by text
);
