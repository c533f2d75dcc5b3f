-- Requests that were made under a key of their sender, with the answer they got: the same key is answered the same and acts once.
create table cariflex.idempotency_key (
  -- 'user 7', or 'loopback' for programs of this machine that need no token.
  who text not null,
  -- A digest: the key itself opens the answer.
  key text not null,
  -- Of method, address and body.
  request bytea not null,
  -- Null while it is not answered.
  status integer,
  headers jsonb,
  body bytea,
  created_at timestamptz not null,
  primary key (who, key)
);
create index idempotency_key_created on cariflex.idempotency_key (created_at);

-- To the minute.
alter table cariflex.access_token add column last_used_at timestamptz;
