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
  room('fulfilment', ['orders/'], 'Processing knows orders, the queue and its own ports, not where progress is kept.'),
  room('events', ['orders/'], 'Events are read and told by ports; Redis is in its adapter.'),
  room(
    'database',
    ['idempotency/index\\.ts', 'orders/', 'fulfilment/(ports|step|jobs|clean-up)\\.ts', 'events/ports\\.ts'],
    'The database implements the ports of the library, the domain, fulfilment and events.',
  ),
  room(
    'transport',
    ['idempotency/index\\.ts', 'orders/', 'events/watch-order\\.ts', 'generated/'],
    'The transport never reaches past the domain.',
  ),
  room('client', ['generated/'], 'What callers import knows the contract, and nothing of the service.'),
  room(
    'doctor',
    ['config/', 'database/', 'events/redis-', 'fulfilment/jobs\\.ts', 'idempotency/redis/scripts\\.ts'],
    'The doctor looks at the stores as the service has them; it neither takes calls nor processes orders.',
  ),
  room(
    'top',
    ['config/', 'doctor/(age|one-line)\\.ts', 'telemetry/instruments\\.ts'],
    'The live view knows of a service what any reader of its metrics does: their names.',
  ),
  room(
    'simulator',
    [
      'config/',
      'embedded/',
      'events/redis-',
      'fulfilment/(processor|default-processor|jobs)\\.ts',
      'generated/',
      'orders/',
    ],
    'The simulator is a client, and looks at the rest from outside: it must not prove the service by its own code.',
  ),
  room('config', [], 'Settings are values; whoever needs some is handed them.'),
  room('embedded', [], 'The embedded servers know nothing of the service that they are for.'),
  room('telemetry', [], 'Telemetry is told things; it asks for nothing.'),
  {
    name: 'diagrams-imports',
    comment: 'Pictures are drawn from tables.',
    severity: 'error',
    from: { path: '^diagrams/' },
    to: {
      path: '^(src|test)/',
      pathNot: '^src/(idempotency/(record-life|store)|telemetry/order-flow|transport/status-table)\\.ts',
    },
  },
  { name: 'no-diagrams-in-the-service', severity: 'error', from: { path: '^src/' }, to: { path: '^diagrams/' } },
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
    from: { path: '^src/', pathNot: '^src/(idempotency/redis/|events/redis-|client/|doctor/|simulator/)' },
    to: { path: 'node_modules/ioredis' },
  },
  {
    name: 'no-development-dependencies',
    comment: 'Only what is for development machines may use what production does not install.',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(embedded|simulator)/' },
    to: { dependencyTypes: ['npm-dev'] },
  },
  {
    name: 'embedded-behind-start',
    severity: 'error',
    from: { path: '^src/', pathNot: '^src/(embedded/|simulator/|commands/start\\.ts)' },
    to: { path: '^src/embedded/' },
  },
];

export const options: ICruiseOptions = {
  doNotFollow: { path: 'node_modules' },
  tsPreCompilationDeps: true,
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
};
