import { keptBytes, runInTurns } from "../../../base/index.ts";
import { parseJson, parseJsonInPieces } from "../../../formats/index.ts";
import { goEncodedJson, type KindDefinition, type KubeObject } from "../../api/index.ts";
import { deepFreeze } from "../../client/index.ts";

/** What is smaller is parsed in some milliseconds at the most, whatever it holds. */
export const BIG_BYTES = 16 * 1024;
const METADATA_START = Buffer.from('"metadata":{');

/**
 * One version of an object: the bytes as they stand in the store, and the parsed form once somebody asks for it. The
 * stored bytes lack `resourceVersion`, which is the revision of their write; it is put in while answering.
 */
export class StoredObject {
  readonly key: string;
  readonly revision: number;
  readonly #bytes: Buffer;
  #views: Map<KindDefinition, StoredObject> | undefined;
  #object: KubeObject | undefined;
  #loading: Promise<void> | undefined;
  /** Where the members of the metadata begin in the bytes; 0 before somebody asks. */
  #start = 0;

  constructor(key: string, bytes: Uint8Array, revision: number, object?: KubeObject) {
    this.key = key;
    this.revision = revision;
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#object = object;
  }

  /** Of an object that was just written as `bytes`; it is given its version, and frozen. */
  static written(key: string, bytes: Uint8Array, revision: number, object: KubeObject): StoredObject {
    if (!Object.isFrozen(object)) {
      object.metadata.resourceVersion = String(revision);
      deepFreeze(object);
    }
    return new StoredObject(key, bytes, revision, object);
  }

  /** Of an object that lies in no store, and has no version. */
  static computed(key: string, object: KubeObject): StoredObject {
    return new StoredObject(key, encodeForStore(object), NO_REVISION, deepFreeze(object));
  }

  /** Whether `object` is soon there: it was asked for before, or is small. */
  get isAtHand(): boolean {
    return this.#object !== undefined || this.#bytes.length <= BIG_BYTES;
  }

  /** Makes `object` in turns, so that one that is big does not hold the event loop. */
  async load(): Promise<void> {
    this.#loading ??= this.#parseInTurns();
    await this.#loading;
  }

  async #parseInTurns(): Promise<void> {
    const parsed = await runInTurns(parseJsonInPieces(this.json(), Object.freeze));
    this.#object ??= parsed as KubeObject;
    this.#loading = undefined;
  }

  /** Frozen and shared; `mutableCopy` is for who wants to change it. */
  get object(): KubeObject {
    this.#object ??= deepFreeze(this.mutableCopy());
    return this.#object;
  }

  mutableCopy(): KubeObject {
    const object = parseJson(this.#bytes.toString("utf8")) as KubeObject;
    if (this.revision !== NO_REVISION) object.metadata.resourceVersion = String(this.revision);
    return object;
  }

  /** The stored bytes without resourceVersion: equal bytes are equal objects. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The whole object as JSON. */
  json(): Buffer {
    const out = Buffer.allocUnsafe(this.jsonBytes);
    this.writeJson(out, 0);
    return out;
  }

  get jsonBytes(): number {
    return this.#bytes.length + this.#version().length;
  }

  /** Writes it at a place in a buffer; returns where it ends. */
  writeJson(target: Buffer, at: number): number {
    const start = this.#metadataStart();
    this.#bytes.copy(target, at, 0, start);
    return this.#writeRest(target, at + start);
  }

  /** The same, with the stored bytes as they are. */
  jsonParts(): Buffer[] {
    const start = this.#metadataStart();
    return [this.#bytes.subarray(0, start), Buffer.from(this.#version()), this.#bytes.subarray(start)];
  }

  /** Of the object as an item of a list, where upstream leaves apiVersion and kind out. */
  get itemJsonBytes(): number {
    return ITEM_START.length + this.#version().length + this.#bytes.length - this.#metadataStart();
  }

  writeItemJson(target: Buffer, at: number): number {
    return this.#writeRest(target, at + target.write(ITEM_START, at, "latin1"));
  }

  /** From the members of the metadata on. */
  #writeRest(target: Buffer, at: number): number {
    const from = at + target.write(this.#version(), at, "latin1");
    return from + this.#bytes.copy(target, from, this.#metadataStart());
  }

  /** The same object as a watch tells of its deletion: its last state at the revision of the delete. */
  deletedAt(revision: number): StoredObject {
    return new StoredObject(this.key, this.#bytes, revision);
  }

  /** Whether `viewedAs` can be asked: converting may take somebody else. */
  isReadyAs(kind: KindDefinition): boolean {
    return !kind.conversion || this.#views?.has(kind) === true || kind.conversion.isShown(this);
  }

  /** As the kind shows it, where that is another view of what is stored; the object itself otherwise. */
  viewedAs(kind: KindDefinition): StoredObject {
    const known = this.#views?.get(kind);
    if (known) return known;
    if (!kind.storedAs) return this;
    return this.addView(kind, kind.storedAs.fromStored(this.object));
  }

  /** Keeps what the kind makes of the object. */
  addView(kind: KindDefinition, object: KubeObject): StoredObject {
    const view = new StoredObject(this.key, keptBytes(encodeForStore(object)), this.revision);
    this.#views ??= new Map();
    this.#views.set(kind, view);
    return view;
  }

  #metadataStart(): number {
    this.#start ||= this.#bytes.indexOf(METADATA_START) + METADATA_START.length;
    return this.#start;
  }

  #version(): string {
    return this.revision === NO_REVISION ? "" : `"resourceVersion":"${this.revision}",`;
  }
}

/** The store counts from 1. */
const NO_REVISION = 0;
const ITEM_START = '{"metadata":{';

/**
 * The stored form: kind, apiVersion and metadata come first, so that answers can be cut out of the bytes. Metadata is
 * never empty: each object has a name.
 */
export function encodeForStore(object: KubeObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, ...storedMetadata } = metadata;
  return Buffer.from(goEncodedJson({ kind, apiVersion, metadata: storedMetadata, ...rest }));
}
