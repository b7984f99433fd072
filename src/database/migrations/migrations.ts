import { readFileSync } from 'node:fs';
import { Migration } from '@mikro-orm/migrations';

/** A migration whose text is a numbered file of SQL. Migrations only go forward. */
function sqlMigration(fileName: string) {
  return class extends Migration {
    override up(): void {
      this.addSql(readFileSync(new URL(fileName, import.meta.url), 'utf8'));
    }
  };
}

/** All migrations, oldest first. One that has been released is never changed. */
export const migrations = [
  { name: '0001-orders', class: sqlMigration('./0001-orders.sql') },
  { name: '0002-order-life', class: sqlMigration('./0002-order-life.sql') },
  { name: '0003-records-by-time', class: sqlMigration('./0003-records-by-time.sql') },
  { name: '0004-traces', class: sqlMigration('./0004-traces.sql') },
];
