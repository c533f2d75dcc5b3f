-- Links that set a new password: kept as SHA-256 only, good once, and only as long as the password they replace is still in force.
create table cariflex.password_link (
  hash bytea primary key,
  user_id integer not null references public.fm_user (id) on delete cascade,
  uniquifier varchar(64) not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index password_link_user on cariflex.password_link (user_id, created_at);

-- What became of a message beyond sent or given up, for the reader.
alter table cariflex.outbox add column note text;
