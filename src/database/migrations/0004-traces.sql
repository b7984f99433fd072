-- Where an outcome comes from, for the traces of those who get it again, and an event, for those who hear of it. Nothing is rewritten: what is
-- there has no trace.
alter table idempotency_keys
  add column trace_parent text,
  add constraint idempotency_keys_trace_parent_check check (char_length(trace_parent) <= 55) not valid;
alter table order_events
  add column trace_parent text,
  add constraint order_events_trace_parent_check check (char_length(trace_parent) <= 55) not valid;
-- Each row is looked at, but nobody is kept from reading or writing meanwhile.
alter table idempotency_keys validate constraint idempotency_keys_trace_parent_check;
alter table order_events validate constraint order_events_trace_parent_check;
