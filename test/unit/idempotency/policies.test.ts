import { MethodOptions_IdempotencyLevel as Level } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { PolicyError, type readContract } from '../../../src/idempotency/index.ts';
import { type ProtectedMethod, protectService } from '../../../src/idempotency/protected-method.ts';
import { EchoServiceService } from '../../generated/echo/v1/echo_service.ts';
import { echoContract, echoContractWith, type PolicyValues, type SayInContract } from '../../support/echo-contract.ts';

// Faults in the contract stop the service when it starts, with a message that names the method.

function refusalOf(contract: ReturnType<typeof readContract>): string {
  try {
    protectService(contract, EchoServiceService);
  } catch (error) {
    expect(error).toBeInstanceOf(PolicyError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('nothing was refused');
}

function policyOfSay(contract: ReturnType<typeof readContract>) {
  const isSay = ({ path }: ProtectedMethod) => path === EchoServiceService.say.path;
  const { rule } = protectService(contract, EchoServiceService).methods.find(isSay) ?? {};
  return rule?.kind === 'mutation' ? rule.policy : undefined;
}

describe('a method is refused', () => {
  const faults: readonly (readonly [string, (say: SayInContract) => void, RegExp])[] = [
    [
      'that changes something and has no policy',
      () => {},
      /^echo\.v1\.EchoService\.Say has no policy\. .*NO_SIDE_EFFECTS/,
    ],
    [
      'that may be repeated as HTTP understands it (IDEMPOTENT), but has no policy',
      ({ options }) => {
        options.idempotencyLevel = Level.IDEMPOTENT;
      },
      /^echo\.v1\.EchoService\.Say has no policy/,
    ],
    [
      'that is a read and has a policy',
      ({ options, setPolicy }) => {
        options.idempotencyLevel = Level.NO_SIDE_EFFECTS;
        setPolicy({});
      },
      /^echo\.v1\.EchoService\.Say is marked NO_SIDE_EFFECTS and has a policy/,
    ],
    [
      'that answers with a stream and has a policy',
      ({ method, setPolicy }) => {
        method.serverStreaming = true;
        setPolicy({});
      },
      /^echo\.v1\.EchoService\.Say is a stream and has a policy/,
    ],
    [
      'that takes a stream and has a policy',
      ({ method, setPolicy }) => {
        method.clientStreaming = true;
        setPolicy({});
      },
      /^echo\.v1\.EchoService\.Say is a stream and has a policy/,
    ],
    [
      'that the contract does not have',
      ({ method }) => {
        method.name = 'Murmur';
        method.options = undefined;
      },
      /^The contract has no method \/echo\.v1\.EchoService\/Say: .*npm run generate/,
    ],
  ];
  test.each(faults)('%s', (_what, change, message) => {
    expect(refusalOf(echoContract(change))).toMatch(message);
  });
});

describe('a policy', () => {
  test('that says nothing has the defaults that policy.proto states', () => {
    expect(policyOfSay(echoContractWith({}))).toEqual({
      keyRequired: false,
      timeToLiveMs: 86_400_000,
      leaseMs: 5_000,
      longestWaitMs: 30_000,
      expiredKeyIsNew: false,
      fingerprintExclusions: [],
    });
  });

  test('that says everything is read as it is, and cannot be changed', () => {
    const policy = policyOfSay(
      echoContractWith({
        key: 2,
        timeToLive: { seconds: 60n },
        lease: { seconds: 1n, nanos: 500_000_000 },
        longestWait: { nanos: 250_000_000 },
        expiredKey: 2,
        fingerprintExclusions: ['request_time', 'parts.trace'],
      }),
    );
    expect(policy).toEqual({
      keyRequired: true,
      timeToLiveMs: 60_000,
      leaseMs: 1_500,
      longestWaitMs: 250,
      expiredKeyIsNew: true,
      fingerprintExclusions: ['request_time', 'parts.trace'],
    });
    expect(Object.isFrozen(policy)).toBe(true);
  });

  const days = (count: bigint) => ({ seconds: count * 86_400n });
  const inBounds: readonly (readonly [string, PolicyValues])[] = [
    ['time_to_live of a second', { timeToLive: { seconds: 1n } }],
    ['time_to_live of 30 days', { timeToLive: days(30n) }],
    ['lease of a second', { lease: { seconds: 1n } }],
    ['lease of a minute', { lease: { seconds: 60n } }],
    ['longest_wait of nothing', { longestWait: { seconds: 0n } }],
    ['longest_wait of five minutes', { longestWait: { seconds: 300n } }],
  ];
  test.each(inBounds)('with a %s is taken', (_what, policy) => {
    expect(policyOfSay(echoContractWith(policy))).toBeDefined();
  });

  const outOfBounds: readonly (readonly [PolicyValues, string])[] = [
    [{ timeToLive: { nanos: 999_000_000 } }, 'time_to_live = 999 ms; it must be 1000 to 2592000000 ms'],
    [{ timeToLive: { seconds: -1n } }, 'time_to_live = -1000 ms; it must be 1000 to 2592000000 ms'],
    [
      { timeToLive: { ...days(30n), nanos: 1_000_000 } },
      'time_to_live = 2592000001 ms; it must be 1000 to 2592000000 ms',
    ],
    [{ lease: { seconds: 0n } }, 'lease = 0 ms; it must be 1000 to 60000 ms'],
    [{ lease: { seconds: 61n } }, 'lease = 61000 ms; it must be 1000 to 60000 ms'],
    [{ longestWait: { nanos: -1_000_000 } }, 'longest_wait = -1 ms; it must be 0 to 300000 ms'],
    [{ longestWait: { seconds: 301n } }, 'longest_wait = 301000 ms; it must be 0 to 300000 ms'],
  ];
  test.each(outOfBounds)('with %j is refused', (policy, fault) => {
    expect(refusalOf(echoContractWith(policy))).toBe(`The policy of echo.v1.EchoService.Say has ${fault}.`);
  });

  const paths: readonly (readonly [string, readonly string[], string])[] = [
    ['a field that is not there', ['colour'], "echo.v1.SayRequest has no field named 'colour'"],
    ['a field within that is not there', ['parts.colour'], "echo.v1.Part has no field named 'colour'"],
    ['the JSON name of a field', ['requestTime'], "echo.v1.SayRequest has no field named 'requestTime'"],
    ['a way through a map', ['labels.key'], 'which is a map'],
    ['a way through a text', ['text.length'], 'which is not a message'],
    ['nothing', [''], "echo.v1.SayRequest has no field named ''"],
    ['more paths than 32', Array.from({ length: 33 }, () => 'text'), '33 excluded paths; at most 32'],
  ];
  test.each(paths)('that leaves %s out of the fingerprint is refused', (_what, fingerprintExclusions, fault) => {
    const refusal = refusalOf(echoContractWith({ fingerprintExclusions }));
    expect(refusal).toMatch(/^The policy of \/echo\.v1\.EchoService\/Say is wrong: /);
    expect(refusal).toContain(fault);
  });
});
