-- A principal's records by the time of their commit, for ListRecords. Entries are added at its end, and it is read backwards: with
-- falling columns each page of it would be split in the middle, and stay half empty.
--
-- Migrations run in one transaction, in which CREATE INDEX CONCURRENTLY is not allowed, and this statement keeps writers out while
-- it runs. Where the ledger is large, run it beforehand, by hand, with the word CONCURRENTLY and outside a transaction: then there is nothing
-- left to do here. If that fails, drop the index before another try.
create index if not exists idempotency_keys_principal_created_at_id_index on idempotency_keys (principal, created_at, id);
