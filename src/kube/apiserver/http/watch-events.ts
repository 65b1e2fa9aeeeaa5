import { isGantryError, type Logger } from "../../../base/index.ts";
import { type KindDefinition, toStatus } from "../../api/index.ts";
import { BIG_BYTES } from "../objects/stored-object.ts";
import type { Offload } from "../offload/offload.ts";
import type { ResourceCall, WatchItem } from "../server-context.ts";
import type { Rendering } from "./encode-answer.ts";
import { WatchEncoder } from "./encode-watch.ts";

export interface WatchedKind {
  kind: KindDefinition;
  call: ResourceCall;
  form: Rendering;
  offload: Offload;
  logger: Logger;
}

/** The events of one watch as they are sent; what failed becomes the last one. */
export class WatchEvents {
  readonly #watched: WatchedKind;
  readonly #encoder: WatchEncoder;

  constructor(watched: WatchedKind) {
    this.#watched = watched;
    this.#encoder = new WatchEncoder(watched.kind, watched.form);
  }

  /** One event, uncopied where it is stored so. Big objects are encoded by other threads. */
  async parts(item: WatchItem): Promise<Buffer[]> {
    const parts = await this.#parts(item);
    const { eventSent } = this.#watched.call;
    if (eventSent) eventSent(parts.reduce((sum, { length }) => sum + length, 0));
    return parts;
  }

  async #parts(item: WatchItem): Promise<Buffer[]> {
    const { kind, call, form, offload } = this.#watched;
    const stored = this.#encoder.storedParts(item);
    if (stored) return stored;
    const isBig = item.type !== "BOOKMARK" && item.object.bytes.length > BIG_BYTES;
    if (!isBig) return [this.#encoder.encode(item)];
    const encoded = this.#encoder.encodeElsewhere(item, ({ type, object }, hasColumns) =>
      offload.encode(kind, object, form, { of: "event", type, hasColumns }, call),
    );
    return [await encoded];
  }

  failure(error: unknown): Buffer {
    const { kind, logger } = this.#watched;
    if (!isGantryError(error)) logger.error("a watch failed", { resource: kind.resource, error });
    return this.#encoder.error(toStatus(error));
  }
}
