import { expect, test } from '@jest/globals';
import { EndpointError, endpointsOf } from '../../../src/top/endpoint.ts';

const urlsOf = (...texts: readonly string[]) => endpointsOf(texts, undefined).map(({ url }) => url);

test('a URL, a host with a port, an IPv6 address: the path is /metrics unless another is given', () => {
  expect(urlsOf('http://10.0.0.1:9464/metrics', 'orders:9464', '[::1]:9464', 'https://orders/own/path')).toEqual([
    'http://10.0.0.1:9464/metrics',
    'http://orders:9464/metrics',
    'http://[::1]:9464/metrics',
    'https://orders/own/path',
  ]);
});

test.each([
  { listen: undefined, url: 'http://127.0.0.1:9464/metrics' },
  { listen: { host: '0.0.0.0', port: 9_500 }, url: 'http://127.0.0.1:9500/metrics' },
  { listen: { host: '::', port: 9_500 }, url: 'http://[::1]:9500/metrics' },
  { listen: { host: '::1', port: 9_500 }, url: 'http://[::1]:9500/metrics' },
  { listen: { host: 'orders.internal', port: 9_500 }, url: 'http://orders.internal:9500/metrics' },
])('without an endpoint, what listens at $listen is read at $url', ({ listen, url }) => {
  expect(endpointsOf([], listen)).toEqual([expect.objectContaining({ url })]);
});

test('what METRICS_LISTEN has to be is known from the URL', () => {
  expect(endpointsOf(['http://127.0.0.1:9500', 'http://orders'], undefined).map(({ listen }) => listen)).toEqual([
    '127.0.0.1:9500',
    'orders:80',
  ]);
});

test.each([
  { texts: ['http://'], why: /"http:\/\/" is no URL of metrics: give one like/ },
  { texts: ['http://user:secret@orders/metrics'], why: /must have no user and no password/ },
  { texts: Array.from({ length: 17 }, () => 'orders'), why: /17 endpoints are too many: at most 16/ },
])('$texts.0 is refused', ({ texts, why }) => {
  expect(() => endpointsOf(texts, undefined)).toThrow(EndpointError);
  expect(() => endpointsOf(texts, undefined)).toThrow(why);
});
