import { queryDatabase } from './query-database.ts';

/**
 * Has PostgreSQL misbehave when the order of a customer is inserted, for as long as its misbehaviour is switched on. How
 * often it did is counted outside the transactions that it spoils.
 * @param body what happens, in PL/pgSQL
 * @param when `commit` is when the statement has ended already, and its transaction is about to
 */
export async function misbehave(
  databaseUrl: string,
  customer: string,
  body: string,
  when: 'insert' | 'commit' = 'insert',
): Promise<Misbehaviour> {
  const name = `misbehaviour_${customer.replaceAll('-', '_').toLowerCase()}`;
  const trigger =
    when === 'insert'
      ? `create trigger ${name} before insert on orders for each row`
      : `create constraint trigger ${name} after insert on orders deferrable initially deferred for each row`;
  await queryDatabase(
    databaseUrl,
    `create sequence ${name};
    create function ${name}() returns trigger language plpgsql as
      $$ declare times bigint := nextval('${name}'); begin ${body}; return new; end $$;
    ${trigger} when (new.customer_id = '${customer}') execute function ${name}()`,
  );
  return {
    stop: async () => {
      await queryDatabase(databaseUrl, `drop trigger ${name} on orders`);
    },
    times: async () => {
      const [row] = await queryDatabase(
        databaseUrl,
        `select coalesce(last_value, 0)::int as times from pg_sequences where sequencename = '${name}'`,
      );
      return row;
    },
  };
}

export interface Misbehaviour {
  /** From now on the customer's orders are inserted as others are. */
  stop(): Promise<void>;
  /** How often it has happened, as `{ times }`. */
  times(): Promise<unknown>;
}

/** The statement that raises an error whose message is nobody's business. */
export function raise(sqlState: string): string {
  return `raise exception '${SECRET} %', times using errcode = '${sqlState}', detail = '${SECRET}', hint = '${SECRET}'`;
}

/** Must never reach a caller. */
export const SECRET = 'a secret of the database';
