-- Contracts for Plug & Charge that our own pool gives to cars. The keys of their certificates are made for the car and never kept.

create table cariflex.contract (
  -- eMAID, fifteen characters: with its check character, without hyphens
  emaid text primary key,
  -- PCID of the car it is for
  car text not null,
  valid_until timestamptz not null,
  -- when a car got a certificate of it last
  installed_at timestamptz,
  revoked_at timestamptz,
  revoked_because text,
  created_at timestamptz not null
);
create index contract_car on cariflex.contract (car);

-- contract: given to a car; its use is the eMAID
alter table cariflex.certificate drop constraint certificate_kind_check;
alter table cariflex.certificate add constraint certificate_kind_check
  check (kind in ('authority', 'server', 'station', 'v2g', 'root', 'contract'));
