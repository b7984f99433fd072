export interface BannerParts {
  readonly host: string;
  readonly port: number;
  readonly postgres: string;
  readonly redis: string;
  /** Where the stores that we have started are; undefined for those of others, which whoever named them knows. */
  readonly ownUrls: { readonly DATABASE_URL?: string | undefined; readonly REDIS_URL?: string | undefined };
}

/** What a person who has just started the service wants to know: where it is, what it stands on, and what to try. */
export function renderBanner({ host, port, postgres, redis, ownUrls }: BannerParts): string {
  const exports = Object.entries(ownUrls).flatMap(([name, url]) =>
    url === undefined ? [] : [`    export ${name}=${url}`],
  );
  const others =
    exports.length === 0
      ? ''
      : `\n  For npm run doctor, worker and events, in another terminal:\n${exports.join('\n')}\n`;
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
${others}
  Ctrl-C stops everything.

`;
}
