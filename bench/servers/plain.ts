import { serveOrders } from './order-server.ts';
import { unitOfWork } from './unit-of-work.ts';

// What people write today: nothing protects an order from being placed twice.
await serveOrders(unitOfWork());
