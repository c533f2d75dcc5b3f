-- The bridge to a running CitrineOS: up to which moment, by its clock, what its stations said is here.
create table cariflex.citrineos_bridge (
  queue text not null,
  tenant integer not null,
  heard_at timestamptz not null,
  primary key (queue, tenant)
);
