import { statusNotAcceptable } from "../../api/index.ts";

export type Encoding = "json" | "yaml" | "protobuf";
export type Shape = "object" | "table" | "metadata";

/** How a client wants an answer: its encoding, and whether as the object itself, as a table, or its metadata only. */
export interface WantedForm {
  encoding: Encoding;
  shape: Shape;
  /** Version of meta.k8s.io for tables and metadata. */
  version: "v1" | "v1beta1";
  pretty: boolean;
}

export const CONTENT_TYPES: Record<Encoding, string> = {
  json: "application/json",
  yaml: "application/yaml",
  protobuf: "application/vnd.kubernetes.protobuf",
};
const ENCODING_BY_TYPE: Record<string, Encoding> = {
  "application/json": "json",
  "application/*": "json",
  "*/*": "json",
  "application/yaml": "yaml",
  "application/vnd.kubernetes.protobuf": "protobuf",
};

interface AcceptClause {
  type: string;
  params: Record<string, string>;
  quality: number;
}

/** The clauses of an Accept header, best first; equal ones in their order. */
export function parseAccept(header: string | undefined): AcceptClause[] {
  const clauses = (header?.trim() || "application/json").split(",").map((text) => {
    const [type = "", ...rest] = text.split(";").map((part) => part.trim());
    const params: Record<string, string> = {};
    for (const part of rest) {
      const equals = part.indexOf("=");
      if (equals > 0) params[part.slice(0, equals)] = part.slice(equals + 1);
    }
    return { type: type.toLowerCase(), params, quality: params.q === undefined ? 1 : Number(params.q) || 0 };
  });
  return clauses.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
}

const SHAPE_BY_KIND: Record<string, Shape> = {
  Table: "table",
  PartialObjectMetadata: "metadata",
  PartialObjectMetadataList: "metadata",
};

/** The first form that can be given; throws NotAcceptable (406) when there is none. */
export function wantedForm(accept: string | undefined, pretty: boolean): WantedForm {
  for (const { type, params } of parseAccept(accept)) {
    const encoding = ENCODING_BY_TYPE[type];
    if (!encoding) continue;
    if (params.as === undefined) return { encoding, shape: "object", version: "v1", pretty };
    const shape = SHAPE_BY_KIND[params.as];
    const isKnown = shape && params.g === "meta.k8s.io" && (params.v === "v1" || params.v === "v1beta1");
    // Tables have no protobuf form.
    if (!isKnown || (shape === "table" && encoding === "protobuf")) continue;
    return { encoding, shape, version: params.v as "v1" | "v1beta1", pretty };
  }
  throw statusNotAcceptable(Object.values(CONTENT_TYPES));
}
