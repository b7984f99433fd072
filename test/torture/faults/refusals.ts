import type { Client } from 'pg';

/** How the database refuses to place orders, now and then. */
export type Refusal = 'diskFull' | 'serialization' | 'deadlock' | 'commitRefused';

const raise = (sqlState: string) => `
  begin
    if random() < 0.5 then raise exception 'torture' using errcode = '${sqlState}'; end if;
    return new;
  end`;

/** Each takes two locks in an order of its own: two at once wait for each other, and PostgreSQL ends one of them. */
const CROSS = `
  declare first integer := (random() < 0.5)::integer;
  begin
    perform pg_advisory_xact_lock(7110, first);
    perform pg_sleep(0.005);
    perform pg_advisory_xact_lock(7110, 1 - first);
    return new;
  end`;

const bodies: Readonly<Record<Refusal, string>> = {
  diskFull: raise('53100'),
  serialization: raise('40001'),
  deadlock: CROSS,
  commitRefused: raise('40001'),
};

export async function refuseOrders(client: Client, refusal: Refusal): Promise<void> {
  await client.query(
    `create or replace function torture_refuses() returns trigger language plpgsql as $$ ${bodies[refusal]} $$`,
  );
  await client.query(
    refusal === 'commitRefused'
      ? `create constraint trigger torture_refuses after insert on orders deferrable initially deferred
           for each row execute function torture_refuses()`
      : 'create trigger torture_refuses before insert on orders for each row execute function torture_refuses()',
  );
}

export async function stopRefusing(client: Client): Promise<void> {
  await client.query('drop function if exists torture_refuses() cascade');
}
