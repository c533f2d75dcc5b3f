-- Null: the platform decides whether a station is asked for its report at a boot; false: somebody said it is not.
alter table cariflex.charging_station alter column boot_report drop default, alter column boot_report drop not null;
update cariflex.charging_station set boot_report = null where not boot_report;
