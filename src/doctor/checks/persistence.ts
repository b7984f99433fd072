import type { RedisPort } from '../ports.ts';
import { readInfo, readSetting } from '../redis-info.ts';
import { fault, ok, type Remark, warning } from '../remark.ts';

/** What Redis keeps over a restart. We could do without: the ledger has every answer, and PostgreSQL every event. */
export async function checkPersistence(redis: RedisPort): Promise<Remark> {
  const info = await readInfo(redis, 'persistence');
  const save = await readSetting(redis, 'save');
  const appendOnly = info.get('aof_enabled') === '1';
  const failed = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'].filter(
    (name) => info.get(name) === 'err',
  );
  const facts = { appendOnly, save: save ?? null, failed };
  if (failed.length > 0) {
    return fault('it could not save its data the last time', 'see its log: the disk is full, or not writable', facts);
  }
  if (appendOnly) {
    return ok('keeps its data in an append-only file', facts);
  }
  if (save === undefined) {
    return ok('no append-only file; snapshots could not be looked at', facts);
  }
  return save === ''
    ? warning(
        'keeps nothing over a restart: slow for a while, and right',
        'set appendonly yes; else answers come from the ledger, and consumers of events begin anew',
        facts,
      )
    : ok(`keeps snapshots (save ${save})`, facts);
}
