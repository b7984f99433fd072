/** Where the metrics of one process can be read. */
export interface Endpoint {
  readonly url: string;
  /** What METRICS_LISTEN of that process has to be, as far as its URL tells. */
  readonly listen: string;
}

/** An endpoint cannot be used. The message says why, and what would do. */
export class EndpointError extends Error {
  override readonly name = 'EndpointError';
}

/** More are read by Prometheus, and looked at in Grafana. */
export const ENDPOINTS_MAX = 16;

const PORT_DEFAULT = 9_464;
const PATH_DEFAULT = '/metrics';

/** Reads the endpoints of a command line. None there: the one of this machine's service. @throws EndpointError */
export function endpointsOf(texts: readonly string[], listen: Listen | undefined): readonly Endpoint[] {
  if (texts.length > ENDPOINTS_MAX) {
    throw new EndpointError(`${texts.length} endpoints are too many: at most ${ENDPOINTS_MAX} are read.`);
  }
  return texts.length === 0 ? [defaultEndpoint(listen)] : texts.map(endpointOf);
}

/** An address to listen at, as the configuration has it. */
export interface Listen {
  readonly host: string;
  readonly port: number;
}

function defaultEndpoint(listen: Listen = { host: '127.0.0.1', port: PORT_DEFAULT }): Endpoint {
  // A service that listens at all addresses is also at this one.
  const here = listen.host.includes(':') ? '::1' : '127.0.0.1';
  const host = ['0.0.0.0', '::'].includes(listen.host) ? here : listen.host;
  return endpointOf(`http://${host.includes(':') ? `[${host}]` : host}:${listen.port}`);
}

/** @param text a URL, or only host and port */
function endpointOf(text: string): Endpoint {
  const url = URL.parse(/^https?:\/\//i.test(text) ? text : `http://${text}`);
  if (url === null) {
    throw new EndpointError(`"${text}" is no URL of metrics: give one like http://127.0.0.1:${PORT_DEFAULT}/metrics.`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new EndpointError('A URL of metrics must have no user and no password: every list of processes shows them.');
  }
  url.pathname = url.pathname === '/' ? PATH_DEFAULT : url.pathname;
  return { url: url.href, listen: `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}` };
}
