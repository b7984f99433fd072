import type { FileRegistry } from '@bufbuild/protobuf';
import { type Server, type ServerDuplexStream, status } from '@grpc/grpc-js';
import {
  type ServerReflectionRequest,
  type ServerReflectionResponse,
  ServerReflectionService,
} from '../generated/grpc/reflection/v1/reflection.ts';
import { ServerReflectionService as ServerReflectionServiceV1alpha } from '../generated/grpc/reflection/v1alpha/reflection.ts';
import { DescriptorIndex } from './descriptor-index.ts';

type Answer = ServerReflectionResponse['messageResponse'];

/**
 * Server reflection v1 and v1alpha, so that grpcurl and `buf curl` need no files. The contract is served as it was compiled,
 * with its comments and with the policies of its methods, which @grpc/reflection drops.
 */
export function addReflection(server: Server, contract: FileRegistry): void {
  const index = new DescriptorIndex(contract);
  const serverReflectionInfo = (stream: ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>) => {
    stream.on('data', (request: ServerReflectionRequest) => {
      const messageResponse = answer(request.messageRequest, index);
      if (!stream.write({ validHost: request.host, originalRequest: request, messageResponse })) {
        // A client that asks and does not read waits for itself.
        stream.pause();
        stream.once('drain', () => stream.resume());
      }
    });
    stream.on('end', () => stream.end());
  };
  // The messages of the two versions are the same.
  server.addService(ServerReflectionService, { serverReflectionInfo });
  server.addService(ServerReflectionServiceV1alpha, { serverReflectionInfo });
}

function answer(request: ServerReflectionRequest['messageRequest'], index: DescriptorIndex): Answer {
  switch (request?.$case) {
    case 'listServices':
      return { $case: 'listServicesResponse', value: { service: index.serviceNames().map((name) => ({ name })) } };
    case 'fileByFilename':
      return files(index.fileNamed(request.value), `file ${request.value}`);
    case 'fileContainingSymbol':
      return files(index.fileContaining(request.value), `symbol ${request.value}`);
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = request.value;
      return files(
        index.fileExtending(containingType, extensionNumber),
        `extension ${extensionNumber} of ${containingType}`,
      );
    }
    case 'allExtensionNumbersOfType': {
      const extensionNumber = index.extensionNumbersOf(request.value);
      return extensionNumber === undefined
        ? notFound(`message ${request.value}`)
        : { $case: 'allExtensionNumbersResponse', value: { baseTypeName: request.value, extensionNumber } };
    }
    case undefined:
      return failure(status.INVALID_ARGUMENT, 'The request asks for nothing.');
    default:
      throw new Error(`unknown request ${JSON.stringify(request satisfies never)}`);
  }
}

function files(fileDescriptorProto: Uint8Array[] | undefined, what: string): Answer {
  return fileDescriptorProto === undefined
    ? notFound(what)
    : {
        $case: 'fileDescriptorResponse',
        value: { fileDescriptorProto: fileDescriptorProto.map((bytes) => Buffer.from(bytes)) },
      };
}

function notFound(what: string): Answer {
  return failure(status.NOT_FOUND, `There is no ${what}.`);
}

function failure(errorCode: number, errorMessage: string): Answer {
  return { $case: 'errorResponse', value: { errorCode, errorMessage } };
}
