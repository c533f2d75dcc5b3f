-- Security of charging stations: profiles and passwords that change, certificates of ours and of theirs, answers of OCSP responders.

alter table cariflex.charging_station
  -- The least security profile it may come with; the configuration may ask for more.
  add column security_profile smallint not null default 0 check (security_profile between 0 and 3),
  -- The profile it was told to switch to; once it came with it, the lower ones are over.
  add column next_profile smallint check (next_profile between 0 and 3),
  -- A password that was sent and not confirmed: until one of the two is used, both open.
  add column next_password_hash text,
  -- Of the password it was registered with last: the same one again does not undo a password that was changed since.
  add column given_password_hash text;

-- Certificates that we issued or trust. Private keys are in the secret store.
create table cariflex.certificate (
  id bigint generated always as identity primary key,
  -- SHA-256 of its bytes, hex.
  fingerprint text not null unique,
  -- authority: ours · server: of our port for stations · station: of a station towards us · v2g: of a station towards cars · root: trusted
  kind text not null check (kind in ('authority', 'server', 'station', 'v2g', 'root')),
  -- Of a root, what it vouches for: V2G, MO, OEM, CSMS, Manufacturer. Of an authority, what it issues for.
  uses text[] not null default '{}',
  station text,
  serial text not null,
  subject text not null,
  issuer text not null,
  pem text not null,
  valid_from timestamptz not null,
  valid_until timestamptz not null,
  -- current; of stations also: sent (not answered yet), refused (by the station), replaced (a newer one is in use)
  state text not null default 'current' check (state in ('current', 'sent', 'refused', 'replaced')),
  revoked_at timestamptz,
  revoked_because text,
  created_at timestamptz not null
);
create index certificate_station on cariflex.certificate (station, kind, created_at desc) where station is not null;
create index certificate_kind on cariflex.certificate (kind);

-- What a station said it holds (GetInstalledCertificateIds), with its hash data as it came.
create table cariflex.installed_certificate (
  station text not null references cariflex.charging_station on delete cascade,
  position integer not null,
  type text not null,
  hash jsonb not null,
  told_at timestamptz not null,
  primary key (station, position)
);

-- Answers of OCSP responders, kept until their next update.
create table cariflex.ocsp_answer (
  -- hash algorithm, issuer name and key hash, serial number
  key text primary key,
  answer bytea not null,
  until timestamptz not null
);
