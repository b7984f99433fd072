import {
  type DescEnum,
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  type FileRegistry,
  toBinary,
} from '@bufbuild/protobuf';
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
    const declared =
      this.#contract.get(symbol) ?? [...this.#contract].find((element) => memberNames(element).includes(symbol));
    return withImports(declared?.file);
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

/** The full names of what an element declares within itself. An enum's values are its neighbours, as in C++. */
function memberNames(element: DescMessage | DescEnum | DescExtension | DescService): string[] {
  switch (element.kind) {
    case 'message':
      return [...element.fields, ...element.oneofs]
        .map(({ name }) => `${element.typeName}.${name}`)
        .concat(element.proto.nestedType.map(({ name }) => `${element.typeName}.${name}`));
    case 'enum': {
      const scope = element.typeName.slice(0, element.typeName.lastIndexOf('.') + 1);
      return element.values.map(({ name }) => `${scope}${name}`);
    }
    case 'service':
      return element.methods.map(({ name }) => `${element.typeName}.${name}`);
    case 'extension':
      return [];
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
