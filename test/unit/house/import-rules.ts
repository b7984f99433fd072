import type { ICruiseOptions, IForbiddenRuleType } from 'dependency-cruiser';

/** A room may import from itself and from the rooms that it names, and from nothing else of src. */
function room(name: string, mayImport: readonly string[], comment: string): IForbiddenRuleType {
  const allowed = [`^src/${name}/`, ...mayImport.map((path) => `^src/${path}`)].join('|');
  return {
    name: `${name}-imports`,
    comment,
    severity: 'error',
    from: { path: `^src/${name}/` },
    to: { path: '^src/', pathNot: allowed },
  };
}

const drivers = '(@grpc/|@mikro-orm/|grpc-health-check|ioredis|kysely|pg/|pg-)';

/** Who may import whom: the rooms of docs/architecture.md as rules. */
export const forbidden: readonly IForbiddenRuleType[] = [
  { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
  { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  room('idempotency', [], 'The library serves any service: it knows nothing of orders, nor of this server.'),
  room('orders', [], 'The domain knows neither how calls come in nor where orders are kept.'),
  room(
    'database',
    ['idempotency/index\\.ts', 'orders/'],
    'The database implements the ports of the library and the domain.',
  ),
  room(
    'transport',
    ['idempotency/index\\.ts', 'orders/', 'generated/'],
    'The transport never reaches past the domain.',
  ),
  room('config', [], 'Settings are values; whoever needs some is handed them.'),
  room('embedded', [], 'The embedded servers know nothing of the service that they are for.'),
  room('telemetry', [], 'Telemetry is told things; it asks for nothing.'),
  {
    name: 'orders-without-drivers',
    comment: 'The domain is pure.',
    severity: 'error',
    from: { path: '^src/orders/' },
    to: { path: `node_modules/${drivers}` },
  },
  {
    name: 'library-without-databases',
    comment: 'The ledger is a port: the library must work with any database.',
    severity: 'error',
    from: { path: '^src/idempotency/' },
    to: { path: 'node_modules/(@mikro-orm/|kysely|pg/|pg-)' },
  },
  {
    name: 'redis-in-its-folder',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/idempotency/redis/' },
    to: { path: 'node_modules/ioredis' },
  },
  {
    name: 'no-development-dependencies',
    comment: 'Only `start`, which is for development machines, may use what production does not install.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/embedded/' },
    to: { dependencyTypes: ['npm-dev'] },
  },
  {
    name: 'embedded-behind-start',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(embedded/|commands/start\\.ts)' },
    to: { path: '^src/embedded/' },
  },
];

export const options: ICruiseOptions = {
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
};
