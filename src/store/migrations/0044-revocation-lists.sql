-- What other authorities took back: their signed revocation lists, the newest of each, for certificates of stations, cars and contracts.

create table cariflex.revocation_list (
  -- SHA-256 of the certificate that signed it, hex
  signer text primary key,
  -- That certificate and those between it and a trusted root, PEM: the next list is checked by them.
  chain text not null,
  -- Its subject, as cariflex.certificate writes names
  issuer text not null,
  -- CRL number, decimal (up to 20 bytes); old authorities give none
  number numeric(50),
  issued_at timestamptz not null,
  -- nextUpdate; absent: it never ends
  valid_until timestamptz,
  -- Numbers of certificates, hex without leading zeros
  serials text[] not null,
  -- Where the next one comes from; absent: a person brings it.
  url text,
  received_at timestamptz not null,
  -- Why the last try to renew it failed
  fault text
);
create index revocation_list_issuer on cariflex.revocation_list (issuer);
