-- Whether somebody decided the security profile of this very station: it then counts, also when it is less than what is asked of every station.
alter table cariflex.charging_station add column own_profile boolean not null default false;
