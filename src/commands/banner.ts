export interface BannerParts {
  readonly host: string;
  readonly port: number;
  readonly postgres: string;
  readonly redis: string;
}

/** What a person who has just started the service wants to know: where it is, what it stands on, and what to try. */
export function renderBanner({ host, port, postgres, redis }: BannerParts): string {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const order =
    '{"customer_id":"c-1","items":[{"sku":"tea","quantity":2,"unit_price":{"currency_code":"EUR","units":"4"}}]}';
  return `
  The order service takes calls at ${address}

  PostgreSQL  ${postgres}
  Redis       ${redis}

  Try this, twice:
    npx buf curl --protocol grpc --http2-prior-knowledge -v -H 'idempotency-key: first-order' \\
      -d '${order}' \\
      http://${address}/orders.v1.OrderService/CreateOrder

  Ctrl-C stops everything.

`;
}
