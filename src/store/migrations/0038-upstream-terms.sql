-- What the other CSMS of a station may do with it, and whose word counts for its badges.
alter table cariflex.charging_station add column upstream_orders boolean not null default true;
alter table cariflex.charging_station add column upstream_badges text not null default 'theirs' check (upstream_badges in ('theirs', 'ours'));
