import { readFileSync } from 'node:fs';
import {
  create,
  createFileRegistry,
  type DescMessage,
  type FileRegistry,
  fromBinary,
  type MessageInitShape,
  setExtension,
} from '@bufbuild/protobuf';
import {
  FileDescriptorSetSchema,
  type MethodDescriptorProto,
  type MethodOptions,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';

/** Values for a Policy; what is not given has its default. */
export type PolicyValues = MessageInitShape<DescMessage>;

/** The method Say in its descriptor, and its options. */
export interface SayInContract {
  readonly method: MethodDescriptorProto;
  readonly options: MethodOptions;
  setPolicy(policy: PolicyValues): void;
}

/** The contract of the echo service, with Say changed. */
export function echoContract(change: (say: SayInContract) => void): FileRegistry {
  const files = fromBinary(FileDescriptorSetSchema, readFileSync(new URL('../generated/echo.binpb', import.meta.url)));
  const option = createFileRegistry(files).getExtension('idempotency.v1.policy');
  const methods = files.file.flatMap(({ service }) => service.flatMap(({ method }) => method));
  const method = methods.find(({ name }) => name === 'Say');
  if (option?.message === undefined || method === undefined) {
    throw new Error('the generated descriptors lack Say or its policy: run npm run generate');
  }
  const { message } = option;
  const options = create(MethodOptionsSchema);
  method.options = options;
  change({ method, options, setPolicy: (policy) => setExtension(options, option, create(message, policy)) });
  return createFileRegistry(files);
}

/** The contract of the echo service with another policy for Say. */
export function echoContractWith(policy: PolicyValues): FileRegistry {
  return echoContract(({ setPolicy }) => setPolicy(policy));
}
