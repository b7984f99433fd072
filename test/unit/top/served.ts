import { createServer, type RequestListener } from 'node:http';
import { type Endpoint, endpointsOf } from '../../../src/top/endpoint.ts';

/** Something that answers where metrics should be. */
export interface Served extends AsyncDisposable {
  readonly endpoint: Endpoint;
}

export async function endpointThat(answers: RequestListener): Promise<Served> {
  const server = createServer(answers);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const [endpoint] = endpointsOf([`127.0.0.1:${port}`], undefined);
  if (endpoint === undefined) {
    throw new Error('there is no endpoint');
  }
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { endpoint, [Symbol.asyncDispose]: close };
}
