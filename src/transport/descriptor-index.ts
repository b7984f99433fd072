import { type DescFile, type FileRegistry, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** Finds the files of a contract by what they declare, for server reflection. Files come with all that they import. */
export class DescriptorIndex {
  readonly #contract: FileRegistry;

  constructor(contract: FileRegistry) {
    this.#contract = contract;
  }

  serviceNames(): string[] {
    return [...this.#contract].filter((element) => element.kind === 'service').map(({ typeName }) => typeName);
  }

  fileNamed(name: string): Uint8Array[] | undefined {
    // The registry calls files by their names without `.proto`.
    return withImports([...this.#contract.files].find(({ proto }) => proto.name === name));
  }

  /** @param symbol a full name: of a message, enum, service or extension, or of a method, field or value within one */
  fileContaining(symbol: string): Uint8Array[] | undefined {
    const parent = symbol.slice(0, Math.max(symbol.lastIndexOf('.'), 0));
    return withImports((this.#contract.get(symbol) ?? this.#contract.get(parent))?.file);
  }

  fileExtending(messageName: string, fieldNumber: number): Uint8Array[] | undefined {
    return withImports(this.#extensionsOf(messageName).find(({ number }) => number === fieldNumber)?.file);
  }

  extensionNumbersOf(messageName: string): number[] | undefined {
    const isKnown = this.#contract.getMessage(messageName) !== undefined;
    return isKnown ? this.#extensionsOf(messageName).map(({ number }) => number) : undefined;
  }

  #extensionsOf(messageName: string) {
    return [...this.#contract]
      .filter((element) => element.kind === 'extension')
      .filter(({ extendee }) => extendee.typeName === messageName);
  }
}

function withImports(file: DescFile | undefined): Uint8Array[] | undefined {
  if (file === undefined) {
    return undefined;
  }
  const files = new Set([file]);
  // A set that grows while it is walked through is walked through to its end.
  for (const { dependencies } of files) {
    for (const dependency of dependencies) {
      files.add(dependency);
    }
  }
  return [...files].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}
