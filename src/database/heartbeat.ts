import { createHash } from 'node:crypto';
import { Client } from 'pg';
import { z } from 'zod';
import { connectionSettings, type OrmOptions } from './orm.ts';
import { watchForSilence } from './silence-guard.ts';

export interface HeartbeatOptions extends OrmOptions {
  readonly probeIntervalMs: number;
  /** Told when the database comes, goes, or begins another life. */
  readonly onChange: (state: DatabaseState) => void;
}

export type DatabaseState =
  /** `epoch` names the life of the database that is being served. */
  | { readonly kind: 'up'; readonly epoch: string }
  /** The connection was lost, and it is not known yet what that means. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'down'; readonly error: unknown };

const lifeRule = z.object({ life: z.string() });

/**
 * What tells two lives of a database apart. A failover changes the timeline, and a restore of its files goes through a restart; another
 * database under the old name has another oid, and tables that were made or filled anew are kept in other files.
 */
const LIFE_QUERY = `
  select concat_ws(' ', system_identifier, timeline_id, extract(epoch from pg_postmaster_start_time()),
    (select oid from pg_database where datname = current_database()),
    pg_relation_filenode(to_regclass('orders')), pg_relation_filenode(to_regclass('idempotency_keys'))) as life
  from pg_control_system(), pg_control_checkpoint()
  where not pg_is_in_recovery() and not current_setting('transaction_read_only')::boolean`;

const EPOCH_HEX_DIGITS = 16;

/**
 * A connection of its own that asks the database again and again who it is. It learns of the end of a life from the end of
 * its connection, at once, and not from the next question.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #state: DatabaseState = { kind: 'unknown' };
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  get state(): DatabaseState {
    return this.#state;
  }

  /** The present life of the database, or undefined while it is not known. */
  get epoch(): string | undefined {
    return this.#state.kind === 'up' ? this.#state.epoch : undefined;
  }

  /** Asks once, and goes on asking until it is closed. */
  async start(): Promise<void> {
    try {
      this.#client ??= await this.#connect();
      const { rows } = await this.#client.query(LIFE_QUERY);
      if (rows.length === 0) {
        throw new Error('the database cannot be written to: it is a standby, or read-only');
      }
      this.#change({ kind: 'up', epoch: epochOf(lifeRule.parse(rows[0]).life) });
    } catch (error) {
      this.#abandonClient();
      this.#change({ kind: 'down', error });
    }
    this.#askAgainIn(this.#options.probeIntervalMs);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client?.end();
  }

  async #connect(): Promise<Client> {
    const client = new Client(connectionSettings(this.#options));
    const onEnd = () => {
      if (this.#client === client && !this.#closed) {
        this.#abandonClient();
        this.#change({ kind: 'unknown' });
        this.#askAgainIn(0);
      }
    };
    client.on('error', onEnd).on('end', onEnd);
    await client.connect();
    if (this.#closed) {
      client.end().catch(() => {});
      throw new Error('the heartbeat was closed while it connected');
    }
    watchForSilence(client, this.#options.connectTimeoutMs);
    return client;
  }

  /** Nobody waits for its end: a wedged connection ends when the guard against silence destroys it. */
  #abandonClient(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => {});
  }

  #askAgainIn(delayMs: number): void {
    clearTimeout(this.#timer);
    if (!this.#closed) {
      this.#timer = setTimeout(() => void this.start(), delayMs).unref();
    }
  }

  #change(state: DatabaseState): void {
    const before = this.#state;
    this.#state = state;
    const isNews =
      state.kind !== before.kind || (state.kind === 'up' && before.kind === 'up' && state.epoch !== before.epoch);
    if (isNews && !this.#closed) {
      this.#options.onChange(state);
    }
  }
}

function epochOf(life: string): string {
  return createHash('sha256').update(life).digest('hex').slice(0, EPOCH_HEX_DIGITS);
}
