import { create, createFileRegistry, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Client } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../../../src/generated/grpc/reflection/v1/reflection.ts';

export type Question = NonNullable<ServerReflectionRequest['messageRequest']>;

/** Asks over one stream of a version of server reflection, whose messages are the same in all. */
export async function ask(
  client: Client,
  version: 'v1' | 'v1alpha',
  questions: readonly (Question | undefined)[],
): Promise<ServerReflectionResponse[]> {
  const { requestSerialize, responseDeserialize } = ServerReflectionService.serverReflectionInfo;
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  for (const messageRequest of questions) stream.write({ host: 'h', messageRequest });
  stream.end();
  const answers: ServerReflectionResponse[] = [];
  for await (const answer of stream) answers.push(answer);
  return answers;
}

/** The files of an answer. */
export function filesIn(answer: ServerReflectionResponse | undefined): FileDescriptorProto[] {
  const response = answer?.messageResponse;
  if (response?.$case !== 'fileDescriptorResponse') throw new Error(`no files, but ${JSON.stringify(response)}`);
  return response.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
}

/** What a client makes of the files; throws if one is missing that another one imports. */
export function registryOf(files: readonly FileDescriptorProto[]): FileRegistry {
  const byName = new Map(files.map((file) => [file.name, file]));
  const sorted = new Set<FileDescriptorProto>();
  const add = (name: string) => {
    const file = byName.get(name);
    if (file === undefined) throw new Error(`the file ${name} is missing`);
    for (const dependency of file.dependency) add(dependency);
    sorted.add(file);
  };
  for (const { name } of files) add(name);
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [...sorted] }));
}
