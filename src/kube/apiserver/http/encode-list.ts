import { FairTurn } from "../../../base/index.ts";
import { fieldHead, lengthDelimited, readField } from "../../../formats/index.ts";
import {
  apiVersionOf,
  encodeProtobuf,
  goEncodedJson,
  type KindDefinition,
  tableRow,
  toTable,
} from "../../api/index.ts";
import { BIG_BYTES, type StoredObject } from "../objects/stored-object.ts";
import type { ListAnswer } from "../server-context.ts";
import { partialMetadata, type Rendering, toYaml } from "./encode-answer.ts";

const PIECE_BYTES = 128 * 1024;

/** How a list is written out: what stands before, between and after its items. */
interface ListFrame {
  head: Buffer;
  append: (chunks: Buffer[], item: StoredObject, index: number) => void;
  tail: Buffer;
}

/** A list in pieces and in turns, so that a long one neither stands in memory twice nor holds the event loop. */
export async function* encodeList(
  kind: KindDefinition,
  { items, ...list }: ListAnswer,
  form: Rendering,
  elsewhere: EncodeElsewhere = async () => undefined,
): AsyncGenerator<Buffer> {
  const frame = frameOf(kind, list, items.length === 0, form);
  if (isAsStored(form) && items.length > 0) return yield* storedItems(kind, items, frame);
  const pieces = inPieces(inOrder(kind, items, form), frame, elsewhere);
  if (form.encoding === "protobuf") yield* inEnvelope(kind, form, pieces);
  else yield* pieces;
}

const isAsStored = ({ encoding, shape, pretty }: Rendering) =>
  encoding === "json" && shape === "object" && !pretty;

/** Items whose bytes are written out as they are: a piece is put together in one buffer. */
async function* storedItems(
  { readStructure }: KindDefinition,
  items: readonly StoredObject[],
  { head, tail }: ListFrame,
): AsyncGenerator<Buffer> {
  const isCustom = readStructure !== undefined;
  const sizeOf = (item: StoredObject) => (isCustom ? item.jsonBytes : item.itemJsonBytes);
  const turn = new FairTurn();
  for (let from = 0; from < items.length; ) {
    let to = from;
    let bytes = 0;
    while (to < items.length && bytes < PIECE_BYTES) bytes += 1 + sizeOf(items[to++]!);
    const isLast = to === items.length;
    // Before the first item stands the head instead of a comma.
    const piece = Buffer.allocUnsafe(bytes + (from === 0 ? head.length - 1 : 0) + (isLast ? tail.length : 0));
    let at = from === 0 ? head.copy(piece) : 0;
    for (; from < to; from++) {
      if (from > 0) piece[at++] = COMMA_BYTE;
      const item = items[from]!;
      at = isCustom ? item.writeJson(piece, at) : item.writeItemJson(piece, at);
    }
    if (isLast) tail.copy(piece, at);
    yield piece;
    if (turn.isSpent) await turn.next();
  }
}

/** Tables of some kinds have an order of their own. */
function inOrder({ compareRows }: KindDefinition, items: readonly StoredObject[], { shape }: Rendering) {
  if (shape !== "table" || !compareRows) return items;
  return [...items].sort((one, other) => compareRows(one.object, other.object));
}

/** An item as it stands in a list, where that takes long and is done by another thread; undefined where it is not. */
export type EncodeElsewhere = (item: StoredObject, index: number) => Promise<Buffer | undefined>;

/** One item with what stands before it. */
export function encodeListItem(
  kind: KindDefinition,
  item: StoredObject,
  index: number,
  form: Rendering,
): Buffer {
  const chunks: Buffer[] = [];
  frameOf(kind, { resourceVersion: "" }, false, form).append(chunks, item, index);
  return Buffer.concat(chunks);
}

async function* inPieces(
  items: readonly StoredObject[],
  { head, append, tail }: ListFrame,
  elsewhere: EncodeElsewhere,
): AsyncGenerator<Buffer> {
  const turn = new FairTurn();
  let chunks = [head];
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const big = item.bytes.length > BIG_BYTES ? await elsewhere(item, index) : undefined;
    if (big) chunks.push(big);
    else append(chunks, item, index);
    bytes += item.bytes.length;
    if (bytes >= PIECE_BYTES) {
      yield Buffer.concat(chunks);
      chunks = [];
      bytes = 0;
    }
    if (turn.isSpent) await turn.next();
  }
  chunks.push(tail);
  yield Buffer.concat(chunks);
}

function frameOf(
  kind: KindDefinition,
  list: Omit<ListAnswer, "items">,
  isEmpty: boolean,
  form: Rendering,
): ListFrame {
  const empty = emptyList(kind, list, form);
  if (form.encoding === "protobuf") return protobufFrame(kind, empty, form);
  if (form.encoding === "yaml") return yamlFrame(kind, empty, isEmpty, form);
  return jsonFrame(kind, empty, isEmpty, form);
}

/** The list around its items, which come last. */
function emptyList(kind: KindDefinition, list: Omit<ListAnswer, "items">, form: Rendering) {
  const metadata = listMetadata(list);
  if (form.shape === "table") return toTable(kind, [], { ...form, metadata });
  return { ...typeOf(kind, form), metadata, items: [] };
}

function typeOf(kind: KindDefinition, { shape, version }: Rendering) {
  if (shape === "metadata")
    return { kind: "PartialObjectMetadataList", apiVersion: `meta.k8s.io/${version}` };
  return { kind: kind.listKind ?? `${kind.kind}List`, apiVersion: apiVersionOf(kind) };
}

function listMetadata({ resourceVersion, continue: next, remainingItemCount }: Omit<ListAnswer, "items">) {
  return {
    ...(resourceVersion === "" ? {} : { resourceVersion }),
    ...(next === undefined ? {} : { continue: next }),
    ...(remainingItemCount === undefined ? {} : { remainingItemCount }),
  };
}

/** As an element of the list, where upstream leaves apiVersion and kind out of objects that are not custom ones. */
function shownItem(kind: KindDefinition, { object }: StoredObject, form: Rendering): object {
  if (form.shape === "table") return tableRow(kind, object, form);
  if (form.shape === "metadata") return partialMetadata(kind, object, form);
  if (kind.readStructure) return object;
  const { kind: _kind, apiVersion: _apiVersion, ...item } = object;
  return item;
}

function jsonFrame(kind: KindDefinition, empty: object, isEmpty: boolean, form: Rendering): ListFrame {
  const indent = form.pretty ? 2 : undefined;
  const text = JSON.stringify(empty, null, indent);
  if (isEmpty && form.shape === "metadata") return onlyHead(text.replace(/\[\](?=\s*\}$)/, "null"));
  const end = text.lastIndexOf("[]");
  const [first, next, last] =
    indent && !isEmpty
      ? ["\n    ", ",\n    ", "\n  "].map((one) => Buffer.from(one))
      : [NOTHING, COMMA, NOTHING];
  return {
    head: Buffer.from(text.slice(0, end + 1)),
    append(chunks, item, index) {
      chunks.push(index === 0 ? first! : next!);
      const shown = goEncodedJson(shownItem(kind, item, form), indent);
      chunks.push(Buffer.from(indent ? shown.replaceAll("\n", "\n    ") : shown));
    },
    tail: Buffer.concat([last!, Buffer.from(`${text.slice(end + 1)}\n`)]),
  };
}

/** Upstream appends the items of such a list to none, and writes null where nothing came. */
function onlyHead(text: string): ListFrame {
  return { head: Buffer.from(`${text}\n`), append: () => {}, tail: NOTHING };
}

const NOTHING = Buffer.alloc(0);
const COMMA = Buffer.from(",");
const COMMA_BYTE = 0x2c;

function yamlFrame(kind: KindDefinition, empty: object, isEmpty: boolean, form: Rendering): ListFrame {
  const text = toYaml(empty);
  const emptyItems = form.shape === "metadata" ? " null\n" : " []\n";
  return {
    head: Buffer.from(text.replace(/ \[\]\n$/, isEmpty ? emptyItems : "\n")),
    append(chunks, item) {
      chunks.push(Buffer.from(toYaml([shownItem(kind, item, form)]).replace(/^(?=.)/gm, "  ")));
    },
    tail: NOTHING,
  };
}

/** All Kubernetes lists are { metadata = 1, items = 2 }. */
function protobufFrame(kind: KindDefinition, empty: object, form: Rendering): ListFrame {
  return {
    head: Buffer.from(rawOf(encodeProtobuf(empty))),
    append(chunks, item) {
      const shown = form.shape === "metadata" ? partialMetadata(kind, item.object, form) : item.object;
      chunks.push(lengthDelimited(2, rawOf(encodeProtobuf(shown))));
    },
    tail: NOTHING,
  };
}

const MAGIC = Buffer.from("k8s\0");

/** The object inside of its envelope: runtime.Unknown { typeMeta = 1, raw = 2, contentEncoding = 3, contentType = 4 }. */
function rawOf(envelope: Uint8Array): Uint8Array {
  return readField(envelope.subarray(MAGIC.length), 2);
}

/** The size of what is in the envelope stands before it. */
async function* inEnvelope(
  kind: KindDefinition,
  form: Rendering,
  pieces: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  const type = typeOf(kind, form);
  const typeMeta = Buffer.concat([
    lengthDelimited(1, Buffer.from(type.apiVersion)),
    lengthDelimited(2, Buffer.from(type.kind)),
  ]);
  const sizeBytes = all.reduce((sum, piece) => sum + piece.length, 0);
  const head = Buffer.concat([MAGIC, lengthDelimited(1, typeMeta), fieldHead(2, sizeBytes)]);
  const tail = Buffer.concat([lengthDelimited(3, NOTHING), lengthDelimited(4, NOTHING)]);
  if (all.length === 1) yield Buffer.concat([head, all[0]!, tail]);
  else yield* [head, ...all, tail];
}
