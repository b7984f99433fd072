import { parseArgs } from 'node:util';

/** A command for a shell, and the call that it makes. */
export interface ShellCall {
  readonly command: string;
  readonly address: string;
  readonly method: string;
  /** As given: `name: value`. */
  readonly headers: readonly string[];
  readonly body: unknown;
  /** Whether metadata are printed. */
  readonly isVerbose: boolean;
}

// A flag that is not named here is refused, so that no twin can differ in one that the comparison overlooks.
const flags = {
  data: { type: 'string', short: 'd', default: '' },
  header: { type: 'string', short: 'H', multiple: true },
  verbose: { type: 'boolean', short: 'v', default: false },
  protocol: { type: 'string' },
  'http2-prior-knowledge': { type: 'boolean' },
  plaintext: { type: 'boolean' },
} as const;

/** Reads a command of `npx buf curl` or `grpcurl`. */
export function readShellCall(command: string): ShellCall {
  const [program, ...words] = wordsOf(command);
  // grpcurl's long flags have one hyphen.
  const args = program === 'npx' ? words.slice(2) : words.map((word) => word.replace(/^-(?=[a-z]{2})/, '--'));
  const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true });
  const [, address = '', method = ''] = /^(?:http:\/\/)?([^/ ]+)[/ ](.+)$/.exec(positionals.join(' ')) ?? [];
  return {
    command,
    address,
    method,
    headers: values.header ?? [],
    body: JSON.parse(values.data),
    isVerbose: values.verbose,
  };
}

/** The words of a command, as far as the README needs a shell: single quotes, and lines that go on behind a backslash. */
function wordsOf(command: string): readonly string[] {
  const words = command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|([^\s'"\\$`|&;<>()]+)|(\S)/g);
  return Array.from(words, ([, quoted, plain, other]) => {
    if (other !== undefined) {
      throw new Error(`a command of the README has ${other}, which this reader does not know:\n${command}`);
    }
    return quoted ?? plain ?? '';
  });
}
