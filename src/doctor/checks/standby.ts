import { z } from 'zod';
import { counted } from '../age.ts';
import { firstRow, type PostgresPort } from '../ports.ts';
import { ok, type Remark, warning } from '../remark.ts';

const rowRule = z.object({ standbys: z.coerce.number(), names: z.string(), commit: z.string() });

/** Subscribers of logical replication are no standbys: they never take over. */
const QUERY = `
  select (select count(*) from pg_stat_replication where pid not in (
      select active_pid from pg_replication_slots where slot_type = 'logical' and active_pid is not null)) as standbys,
    current_setting('synchronous_standby_names') as names, current_setting('synchronous_commit') as commit`;

/** Values of synchronous_commit with which no commit waits for a standby. */
const WAITS_FOR_NONE: ReadonlySet<string> = new Set(['off', 'local']);

/** A standby that takes over has what was acknowledged only if the primary waited for it (P7). */
export async function checkStandby(postgres: PostgresPort): Promise<Remark> {
  const { standbys, names, commit } = await firstRow(postgres.query, rowRule, QUERY);
  const isSynchronous = names !== '' && !WAITS_FOR_NONE.has(commit);
  const facts = { standbys, isSynchronous, synchronousStandbyNames: names, synchronousCommit: commit };
  if (standbys === 0) {
    return ok('no standby is connected', facts);
  }
  return isSynchronous
    ? ok(`${counted(standbys, 'standby')}; commits wait for them`, facts)
    : warning(
        'a standby that takes over may lack answered orders (P7)',
        'set synchronous_standby_names, unless that standby never takes over',
        facts,
      );
}
