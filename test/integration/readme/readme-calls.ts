import { readFileSync } from 'node:fs';
import { readShellCall, type ShellCall } from './shell-call.ts';

/** Where the README's service listens. */
export const README_ADDRESS = '127.0.0.1:50051';

/** One call of the README: how `buf` makes it, how `grpcurl` makes it, and what is printed. */
export interface ReadmeCall {
  /** Where the command begins, for the names of tests. */
  readonly line: number;
  readonly buf: ShellCall;
  readonly grpcurl: ShellCall;
  /** Lines that must be printed in this order; others may be between them. */
  readonly expectedLines: readonly string[];
}

interface Block {
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export function readReadme(): string {
  return readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
}

/** The calls of a document in its order. Throws where a `buf` command has no twin or no answer. */
export function readmeCalls(document: string): readonly ReadmeCall[] {
  const blocks = fencedBlocks(document);
  return blocks.flatMap((block, index) => {
    if (!block.text.startsWith('npx buf curl')) {
      return [];
    }
    const [twin, answer] = blocks.slice(index + 1);
    if (twin?.language !== 'sh' || !twin.text.startsWith('grpcurl') || answer?.language !== 'text') {
      throw new Error(`README.md:${block.line}: the buf command is not followed by its grpcurl twin and an answer`);
    }
    return {
      line: block.line,
      buf: readShellCall(block.text),
      grpcurl: readShellCall(twin.text),
      expectedLines: answer.text.split('\n'),
    };
  });
}

function fencedBlocks(document: string): readonly Block[] {
  return [...document.matchAll(/^```(\w*)\n(.*?)\n```$/gms)].map(({ 1: language = '', 2: text = '', index }) => ({
    language,
    text,
    line: document.slice(0, index).split('\n').length + 1,
  }));
}
