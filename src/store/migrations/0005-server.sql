-- Of the server: who is signed in. Tokens are kept as SHA-256 only; a changed password (fs_uniquifier) ends them all.
create table cariflex.access_token (
  hash bytea primary key,
  kind text not null check (kind in ('session', 'token', 'program')),
  user_id integer not null references public.fm_user (id) on delete cascade,
  uniquifier varchar(64) not null,
  label text,
  created_at timestamptz not null,
  expires_at timestamptz
);
create index access_token_user on cariflex.access_token (user_id);
create index access_token_expires on cariflex.access_token (expires_at) where expires_at is not null;
