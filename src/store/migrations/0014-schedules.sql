-- Jobs that wait for another one, and jobs found again by what they were asked.

alter table cariflex.job
  add column depends_on uuid,
  add column asked text;
create index job_depends on cariflex.job (depends_on) where status = 'DEFERRED';
create index job_asked on cariflex.job (queue, asked, enqueued_at desc) where asked is not null;
