import { DUMP_SCHEMA, dump } from "js-yaml";
import {
  encodeProtobuf,
  goEncodedJson,
  type IncludeObject,
  type KindDefinition,
  type KubeObject,
  keepingIntegers,
  metadataOf,
  toTable,
} from "../../api/index.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { Encoding, WantedForm } from "./accept.ts";

/** How a form is written out: the wanted form, and what a table shows of its objects. */
export interface Rendering extends WantedForm {
  nowMs: number;
  includeObject: IncludeObject;
}

const NEWLINE = 0x0a;

const YAML_SCHEMA = keepingIntegers(DUMP_SCHEMA);

export function toYaml(value: object): string {
  return dump(value, { noRefs: true, lineWidth: -1, schema: YAML_SCHEMA });
}

export function encodeValue(value: object, encoding: Encoding, pretty = false): Buffer {
  if (encoding === "protobuf") return Buffer.from(encodeProtobuf(value));
  if (encoding === "yaml") return Buffer.from(toYaml(value));
  return Buffer.from(`${goEncodedJson(value, pretty ? 2 : undefined)}\n`);
}

export function encodeObject(
  kind: KindDefinition,
  object: StoredObject | KubeObject,
  form: Rendering,
): Buffer {
  if (form.shape === "table")
    return encodeValue(toTable(kind, [plain(object)], form), form.encoding, form.pretty);
  if (form.shape === "metadata")
    return encodeValue(partialMetadata(kind, plain(object), form), form.encoding, form.pretty);
  if (object instanceof StoredObject && form.encoding === "json" && !form.pretty) {
    const line = Buffer.allocUnsafe(object.jsonBytes + 1);
    line[object.writeJson(line, 0)] = NEWLINE;
    return line;
  }
  return encodeValue(plain(object), form.encoding, form.pretty);
}

export function partialMetadata(kind: KindDefinition, object: KubeObject, { version }: WantedForm): object {
  const metadata = metadataOf(kind, object);
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
}

function plain(object: StoredObject | KubeObject): KubeObject {
  return object instanceof StoredObject ? object.object : object;
}
