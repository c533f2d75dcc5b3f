-- A station that is held at Pending may be asked for its report all the same.
alter table cariflex.charging_station add column boot_report boolean not null default false;
