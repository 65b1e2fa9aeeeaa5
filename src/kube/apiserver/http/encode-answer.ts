import { dump } from "js-yaml";
import {
  apiVersionOf,
  encodeProtobuf,
  type IncludeObject,
  type KindDefinition,
  type KubeObject,
  tableRow,
  toTable,
} from "../../api/index.ts";
import { StoredObject } from "../objects/stored-object.ts";
import type { ListAnswer } from "../server-context.ts";
import type { Encoding, WantedForm } from "./accept.ts";

/** How a form is written out: the wanted form, and what a table shows of its objects. */
export interface Rendering extends WantedForm {
  nowMs: number;
  includeObject: IncludeObject;
}

const NEWLINE = Buffer.from("\n");
/** Objects that are turned into bytes before the event loop gets its turn. */
const SLICE = 250;

export function encodeValue(value: object, encoding: Encoding, pretty = false): Buffer {
  if (encoding === "protobuf") return Buffer.from(encodeProtobuf(value));
  if (encoding === "yaml") return Buffer.from(dump(value, { noRefs: true, lineWidth: -1 }));
  return Buffer.from(`${pretty ? JSON.stringify(value, null, 2) : JSON.stringify(value)}\n`);
}

export function encodeObject(
  kind: KindDefinition,
  object: StoredObject | KubeObject,
  form: Rendering,
): Buffer {
  if (form.shape === "table")
    return encodeValue(toTable(kind, [plain(object)], form), form.encoding, form.pretty);
  if (form.shape === "metadata")
    return encodeValue(partialMetadata(plain(object), form), form.encoding, form.pretty);
  if (object instanceof StoredObject && form.encoding === "json" && !form.pretty) {
    return Buffer.concat([object.json(), NEWLINE]);
  }
  return encodeValue(plain(object), form.encoding, form.pretty);
}

/** A list in pieces of some hundred objects, so that a long one neither stands in memory twice nor holds the event loop. */
export function* encodeList(kind: KindDefinition, list: ListAnswer, form: Rendering): Generator<Buffer> {
  if (form.encoding !== "json" || form.pretty) {
    yield encodeValue(wholeList(kind, list, form), form.encoding, form.pretty);
    return;
  }
  const [head, tail] = listFrame(kind, list, form);
  let chunks: Buffer[] = [Buffer.from(head)];
  for (const [index, item] of list.items.entries()) {
    if (index > 0) chunks.push(COMMA);
    appendItem(kind, item, form, chunks);
    if ((index + 1) % SLICE !== 0) continue;
    yield Buffer.concat(chunks);
    chunks = [];
  }
  chunks.push(Buffer.from(tail), NEWLINE);
  yield Buffer.concat(chunks);
}

const COMMA = Buffer.from(",");

function appendItem(kind: KindDefinition, item: StoredObject, form: Rendering, chunks: Buffer[]): void {
  if (form.shape === "object") item.appendItemJson(chunks);
  else if (form.shape === "table")
    chunks.push(Buffer.from(JSON.stringify(tableRow(kind, item.object, form))));
  else chunks.push(Buffer.from(JSON.stringify(partialMetadata(item.object, form))));
}

/** What stands before and after the items. */
function listFrame(kind: KindDefinition, list: ListAnswer, form: Rendering): [head: string, tail: string] {
  const frame = wholeList(kind, { ...list, items: [] }, form) as Record<string, unknown>;
  // The empty list is written last, where it is easy to cut open.
  const field = form.shape === "table" ? "rows" : "items";
  delete frame[field];
  const text = JSON.stringify(frame);
  return [`${text.slice(0, -1)},"${field}":[`, "]}"];
}

function wholeList(kind: KindDefinition, list: ListAnswer, form: Rendering): object {
  const metadata = listMetadata(list);
  const objects = list.items.map((item) => item.object);
  if (form.shape === "table") return toTable(kind, objects, { ...form, metadata });
  if (form.shape === "metadata") {
    const items = objects.map((object) => partialMetadata(object, form));
    return { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${form.version}`, metadata, items };
  }
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items: objects };
}

export function listMetadata({ resourceVersion, continue: next, remainingItemCount }: ListAnswer) {
  return {
    resourceVersion,
    ...(next === undefined ? {} : { continue: next }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

export function partialMetadata({ metadata }: KubeObject, { version }: WantedForm): object {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
}

function plain(object: StoredObject | KubeObject): KubeObject {
  return object instanceof StoredObject ? object.object : object;
}
