import { readFileSync } from 'node:fs';
import { create, createFileRegistry, type DescMessage, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type as FieldType,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';

const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label;

/** Every kind of number, which echo.v1 does not have; and types that contain themselves. */
const kindsFile = {
  name: 'kinds.proto',
  package: 'kinds.v1',
  syntax: 'proto3',
  enumType: [{ name: 'Colour', value: [{ name: 'COLOUR_UNSPECIFIED', number: 0 }] }],
  messageType: [
    {
      name: 'Kinds',
      field: [
        { name: 'int32', number: 1, type: FieldType.INT32, label: OPTIONAL },
        { name: 'int64', number: 2, type: FieldType.INT64, label: OPTIONAL },
        { name: 'uint32', number: 3, type: FieldType.UINT32, label: OPTIONAL },
        { name: 'uint64', number: 4, type: FieldType.UINT64, label: OPTIONAL },
        { name: 'sint32', number: 5, type: FieldType.SINT32, label: OPTIONAL },
        { name: 'sint64', number: 6, type: FieldType.SINT64, label: OPTIONAL },
        { name: 'bool', number: 7, type: FieldType.BOOL, label: OPTIONAL },
        { name: 'fixed32', number: 8, type: FieldType.FIXED32, label: OPTIONAL },
        { name: 'float', number: 9, type: FieldType.FLOAT, label: OPTIONAL },
        { name: 'colour', number: 10, type: FieldType.ENUM, typeName: '.kinds.v1.Colour', label: OPTIONAL },
        { name: 'texts', number: 11, type: FieldType.STRING, label: REPEATED },
        { name: 'doubles', number: 12, type: FieldType.DOUBLE, label: REPEATED },
        { name: 'colours', number: 13, type: FieldType.ENUM, typeName: '.kinds.v1.Colour', label: REPEATED },
        { name: 'inner', number: 14, type: FieldType.MESSAGE, typeName: '.kinds.v1.Kinds', label: OPTIONAL },
        {
          name: 'by_truth',
          number: 15,
          type: FieldType.MESSAGE,
          typeName: '.kinds.v1.Kinds.ByTruthEntry',
          label: REPEATED,
        },
        { name: 'maybe', number: 16, type: FieldType.UINT32, label: OPTIONAL, proto3Optional: true, oneofIndex: 0 },
        // Declared after a greater number, as a careless author may do.
        { name: 'late', number: 18, type: FieldType.STRING, label: OPTIONAL },
        { name: 'early', number: 17, type: FieldType.STRING, label: OPTIONAL },
      ],
      oneofDecl: [{ name: '_maybe' }],
      nestedType: [
        {
          name: 'ByTruthEntry',
          options: { mapEntry: true },
          field: [
            { name: 'key', number: 1, type: FieldType.BOOL, label: OPTIONAL },
            { name: 'value', number: 2, type: FieldType.MESSAGE, typeName: '.kinds.v1.Kinds', label: OPTIONAL },
          ],
        },
      ],
    },
  ],
};

/** Groups are known fields in proto2 only. */
const groupsFile = {
  name: 'groups.proto',
  package: 'groups.v1',
  syntax: 'proto2',
  messageType: [
    {
      name: 'Groups',
      field: [
        { name: 'one', number: 1, type: FieldType.GROUP, typeName: '.groups.v1.Groups.One', label: OPTIONAL },
        { name: 'many', number: 2, type: FieldType.GROUP, typeName: '.groups.v1.Groups.One', label: REPEATED },
      ],
      nestedType: [
        {
          name: 'One',
          field: [
            { name: 'name', number: 1, type: FieldType.STRING, label: OPTIONAL },
            { name: 'size', number: 2, type: FieldType.INT32, label: OPTIONAL },
          ],
        },
      ],
    },
  ],
};

const echo = registryFile('../../../generated/echo.binpb');
const orders = registryFile('../../../../src/generated/contract.binpb');
const own = createFileRegistry(create(FileDescriptorSetSchema, { file: [kindsFile, groupsFile] }));

export const sayRequest = messageType(echo, 'echo.v1.SayRequest');
export const createOrderRequest = messageType(orders, 'orders.v1.CreateOrderRequest');
export const kinds = messageType(own, 'kinds.v1.Kinds');
export const groups = messageType(own, 'groups.v1.Groups');

function registryFile(path: string): FileRegistry {
  return createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(new URL(path, import.meta.url))));
}

function messageType(registry: FileRegistry, name: string): DescMessage {
  const message = registry.getMessage(name);
  if (message === undefined) {
    throw new Error(`${name} is not in the generated descriptors: run npm run generate.`);
  }
  return message;
}
