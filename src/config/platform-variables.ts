// Variables that others set under our prefixes and mean something by.

/**
 * Kubernetes gives every container the addresses of the services in its namespace: a service named `redis` becomes
 * REDIS_SERVICE_HOST, REDIS_PORT, REDIS_PORT_6379_TCP_ADDR and so on. Docker's links look the same.
 */
const serviceLink =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

/** What the gRPC libraries read themselves. */
const grpcLibrary =
  /^GRPC_(?:VERBOSITY|TRACE|DNS_RESOLVER|DEFAULT_SSL_ROOTS_FILE_PATH|SSL_CIPHER_SUITES|(?:NODE|EXPERIMENTAL|XDS|PYTHON|GO)_.*)$/;

/** What the SDK of OpenTelemetry reads itself. */
const openTelemetry = /^OTEL_/;

/** Whether a variable belongs to somebody else for certain. */
export function isSetByPlatform(variable: string): boolean {
  return serviceLink.test(variable) || grpcLibrary.test(variable) || openTelemetry.test(variable);
}
