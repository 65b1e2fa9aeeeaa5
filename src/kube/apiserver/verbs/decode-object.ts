import {
  apiVersionOf,
  cannotBeHandled,
  checkStructure,
  decodeBody,
  decodeOptions,
  type GroupVersionKind,
  type KubeObject,
  statusBadRequest,
  strictDecodingMessage,
} from "../../api/index.ts";
import type { ApiRequest } from "../../client/types.ts";

/** What a body can be read as: a kind with its model. */
export type BodyKind = GroupVersionKind & { model: string };

export const DELETE_OPTIONS: BodyKind = {
  group: "",
  version: "v1",
  kind: "DeleteOptions",
  model: "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
};

/** A request's body, read once it is known as what. Warnings about its fields go into `warnings`. */
export interface RequestBody {
  /** Absent bodies are undefined. The object is the caller's own and may be changed. */
  as(kind: BodyKind): KubeObject | undefined;
  /** As the request's options; undefined where it has none. */
  options(kind: BodyKind): KubeObject | undefined;
  /** A patch's document as plain JSON. */
  patch(): unknown;
}

export class EncodedBody implements RequestBody {
  readonly #bytes: Uint8Array;
  readonly #contentType: string | undefined;
  readonly #validation: ApiRequest["query"]["fieldValidation"];
  readonly #warnings: string[];
  readonly #parsePatch: (bytes: Uint8Array) => unknown;

  constructor(options: {
    bytes: Uint8Array;
    contentType: string | undefined;
    fieldValidation: ApiRequest["query"]["fieldValidation"];
    warnings: string[];
    parsePatch: (bytes: Uint8Array) => unknown;
  }) {
    this.#bytes = options.bytes;
    this.#contentType = options.contentType;
    this.#validation = options.fieldValidation;
    this.#warnings = options.warnings;
    this.#parsePatch = options.parsePatch;
  }

  as(kind: BodyKind): KubeObject | undefined {
    if (this.#bytes.length === 0) return undefined;
    const { object, warnings } = decodeBody({
      bytes: this.#bytes,
      contentType: this.#contentType,
      kind,
      fieldValidation: this.#validation,
    });
    this.#warnings.push(...warnings);
    return object;
  }

  options(kind: BodyKind): KubeObject | undefined {
    if (this.#bytes.length === 0) return undefined;
    return decodeOptions({ bytes: this.#bytes, contentType: this.#contentType, kind });
  }

  patch(): unknown {
    return this.#parsePatch(this.#bytes);
  }
}

/** A body from the same process: an object, perhaps frozen and with fields left undefined. */
export class PlainBody implements RequestBody {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  as(kind: BodyKind): KubeObject | undefined {
    if (this.#value === undefined) return undefined;
    const object = JSON.parse(JSON.stringify(this.#value)) as KubeObject;
    object.apiVersion ||= apiVersionOf(kind);
    object.kind ||= kind.kind;
    if (object.kind !== kind.kind || object.apiVersion !== apiVersionOf(kind)) {
      throw statusBadRequest(cannotBeHandled(kind, `it is a ${object.kind} of ${object.apiVersion}`));
    }
    return checkStructure(object, kind).object;
  }

  options(kind: BodyKind): KubeObject | undefined {
    return this.as(kind);
  }

  patch(): unknown {
    return JSON.parse(JSON.stringify(this.#value ?? null));
  }
}

/** The result of a patch as an object of its kind. */
export function decodePatched(
  value: unknown,
  kind: BodyKind,
  fieldValidation: ApiRequest["query"]["fieldValidation"],
  warnings: string[],
): KubeObject {
  const { object, unknownFields } = checkStructure(value, kind);
  if (object.kind !== kind.kind || object.apiVersion !== apiVersionOf(kind)) {
    throw statusBadRequest(
      cannotBeHandled(kind, `the patch makes it a ${object.kind} of ${object.apiVersion}`),
    );
  }
  if (unknownFields.length === 0 || !fieldValidation || fieldValidation === "Ignore") return object;
  if (fieldValidation === "Strict") {
    throw statusBadRequest(cannotBeHandled(kind, strictDecodingMessage(unknownFields, [])));
  }
  for (const field of unknownFields) {
    const text = `unknown field ${JSON.stringify(field)}`;
    if (!warnings.includes(text)) warnings.push(text);
  }
  return object;
}
