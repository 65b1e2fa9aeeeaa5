import { keptBytes } from "../../../base/index.ts";
import { lengthDelimited } from "../../../formats/index.ts";
import {
  apiVersionOf,
  encodeProtobuf,
  goEncodedJson,
  type KindDefinition,
  type KubeObject,
  toTable,
} from "../../api/index.ts";
import type { WatchItem } from "../server-context.ts";
import { partialMetadata, type Rendering, toYaml } from "./encode-answer.ts";

const JSON_HEADS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
};
const JSON_TAIL = Buffer.from("}\n");

type ChangeItem = Exclude<WatchItem, { type: "BOOKMARK" }>;

/** Encodes the events of one watch. What does not depend on the watcher is encoded once for all who watch in that form. */
export class WatchEncoder {
  readonly #kind: KindDefinition;
  readonly #form: Rendering;
  readonly #name: string;
  #hasColumns = false;

  /** `hasColumns` where the columns were told before, by another encoder of the same watch. */
  constructor(kind: KindDefinition, form: Rendering, hasColumns = false) {
    this.#kind = kind;
    this.#form = form;
    this.#hasColumns = hasColumns;
    this.#name = `${form.encoding}/${form.shape}/${form.version}`;
  }

  encode(item: WatchItem): Buffer {
    const parts = this.storedParts(item);
    if (parts) return Buffer.concat(parts);
    if (item.type === "BOOKMARK") return this.#frame("BOOKMARK", this.#bookmark(item));
    // A table's cells hold ages and its first one the columns: each watcher has its own.
    if (this.#form.shape === "table") return this.#frame(item.type, this.#table(item.object.object));
    const name = `${this.#name}/${item.type}`;
    let bytes = item.encoded.get(name);
    if (!bytes) {
      bytes = keptBytes(this.#encodeShared(item));
      item.encoded.set(name, bytes);
    }
    return bytes;
  }

  /** The event as what is stored of its object, uncopied, with what stands around it; undefined where it has another form. */
  storedParts(item: WatchItem): Buffer[] | undefined {
    if (item.type === "BOOKMARK" || this.#form.shape !== "object" || this.#form.encoding !== "json")
      return undefined;
    return [JSON_HEADS[item.type], ...item.object.jsonParts(), JSON_TAIL];
  }

  /** Takes what another thread has written out; `encode` gives it from then on. */
  async encodeElsewhere(
    item: WatchItem,
    encode: (item: ChangeItem, hasColumns: boolean) => Promise<Buffer | undefined>,
  ): Promise<Buffer> {
    if (item.type === "BOOKMARK") return this.encode(item);
    const name = `${this.#name}/${item.type}`;
    const isShared = this.#form.shape !== "table";
    const bytes = (isShared && item.encoded.get(name)) || (await encode(item, this.#hasColumns));
    if (!bytes) return this.encode(item);
    if (isShared) item.encoded.set(name, keptBytes(bytes));
    else this.#hasColumns = true;
    return bytes;
  }

  error(status: object): Buffer {
    return this.#frame("ERROR", status);
  }

  #encodeShared({ type, object }: Exclude<WatchItem, { type: "BOOKMARK" }>): Buffer {
    const shown =
      this.#form.shape === "metadata"
        ? partialMetadata(this.#kind, object.object, this.#form)
        : object.object;
    return this.#frame(type, shown);
  }

  #table(object: KubeObject): object {
    const withColumns = !this.#hasColumns;
    this.#hasColumns = true;
    return toTable(this.#kind, [object], { ...this.#form, withColumns });
  }

  #bookmark({ resourceVersion, annotations }: Extract<WatchItem, { type: "BOOKMARK" }>): object {
    const metadata = { resourceVersion, creationTimestamp: null, ...(annotations ? { annotations } : {}) };
    const { shape, version } = this.#form;
    if (shape === "table") {
      const table = toTable(this.#kind, [], {
        ...this.#form,
        withColumns: !this.#hasColumns,
        metadata: { resourceVersion },
      });
      if (!annotations) return table;
      // The mark of the initial events' end stands in a row's object.
      const object = { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
      return { ...table, rows: [{ cells: [], object }] };
    }
    if (shape === "metadata")
      return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata };
    return { kind: this.#kind.kind, apiVersion: apiVersionOf(this.#kind), metadata };
  }

  #frame(type: string, object: object): Buffer {
    switch (this.#form.encoding) {
      case "json":
        return Buffer.from(`${goEncodedJson({ type, object })}\n`);
      case "yaml":
        return Buffer.from(`---\n${toYaml({ type, object })}`);
      default:
        return protobufFrame(type, Buffer.from(encodeProtobuf(object)));
    }
  }
}

/**
 * A frame of a protobuf watch: four bytes of length, then metav1.WatchEvent { type = 1, object = 2 } whose RawExtension
 * { raw = 1 } holds the object in its envelope.
 */
function protobufFrame(type: string, object: Buffer): Buffer {
  const raw = lengthDelimited(1, object);
  const event = Buffer.concat([lengthDelimited(1, Buffer.from(type)), lengthDelimited(2, raw)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
}
