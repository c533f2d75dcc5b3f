-- What a user has chosen for the screens, such as the view of an asset that opens first.
create table cariflex.user_setting (
  user_id integer not null references public.fm_user (id) on delete cascade,
  name text not null,
  value jsonb not null,
  primary key (user_id, name)
);
