import type { DescField, DescMessage } from '@bufbuild/protobuf';

/** Which fields of one message are left out: some whole, of others some fields within. Both by field number. */
export interface Exclusions {
  readonly whole: Set<number>;
  readonly within: Map<number, Exclusions>;
}

const pathsMax = 32;

/**
 * Looks up paths of proto field names (`items.note`) in a message type. A path may lead through singular and repeated
 * messages, and may end at any field.
 *
 * @returns undefined if there are no paths
 * @throws Error naming the path and the type, if a path names no field or leads through something else than a message
 */
export function parseExclusions(message: DescMessage, paths: readonly string[]): Exclusions | undefined {
  if (paths.length > pathsMax) {
    throw new Error(`${message.typeName} has ${paths.length} excluded paths; at most ${pathsMax} are allowed.`);
  }
  if (paths.length === 0) {
    return undefined;
  }
  const root = noExclusions();
  for (const path of paths) {
    addPath(root, message, path);
  }
  return root;
}

function addPath(root: Exclusions, rootMessage: DescMessage, path: string): void {
  const names = path.split('.');
  const lastName = names.pop() ?? '';
  let exclusions = root;
  let message = rootMessage;
  for (const name of names) {
    const field = findField(message, name, path);
    message = messageOf(field, path);
    const inner = exclusions.within.get(field.number) ?? noExclusions();
    exclusions.within.set(field.number, inner);
    exclusions = inner;
  }
  exclusions.whole.add(findField(message, lastName, path).number);
}

function findField(message: DescMessage, name: string, path: string): DescField {
  const field = message.fields.find((candidate) => candidate.name === name);
  if (field === undefined) {
    throw new Error(`Excluded path '${path}': ${message.typeName} has no field named '${name}'.`);
  }
  return field;
}

function messageOf(field: DescField, path: string): DescMessage {
  if (field.message === undefined || field.fieldKind === 'map') {
    const kind = field.fieldKind === 'map' ? 'a map' : 'not a message';
    throw new Error(
      `Excluded path '${path}' leads through '${field.name}' of ${field.parent.typeName}, which is ${kind}; ` +
        'name the whole field instead.',
    );
  }
  return field.message;
}

function noExclusions(): Exclusions {
  return { whole: new Set(), within: new Map() };
}
