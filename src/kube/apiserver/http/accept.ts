import { KnownTexts } from "../../../base/index.ts";
import {
  failureStatus,
  goPackage,
  type KindDefinition,
  StatusError,
  statusNotAcceptable,
} from "../../api/index.ts";

export type Encoding = "json" | "yaml" | "protobuf";
export type Shape = "object" | "table" | "metadata";

/** How a client wants an answer: its encoding, and whether as the object itself, as a table, or its metadata only. */
export interface WantedForm {
  encoding: Encoding;
  shape: Shape;
  /** Metadata of a list. */
  isList?: boolean;
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
  params: Readonly<Record<string, string>>;
  quality: number;
}

/** What clients accept is one of a few texts. */
const parsed = new KnownTexts<readonly AcceptClause[]>({ maxTexts: 1000, maxCharacters: 64 * 1024 });

/** The clauses of an Accept header, best first; equal ones in their order. */
export const parseAccept = (header = ""): readonly AcceptClause[] =>
  parsed.get(header) ?? parsed.keep(header, readAccept(header));

function readAccept(header: string): AcceptClause[] {
  const clauses = (header.trim() || "application/json").split(",").map((text) => {
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

/** Where a request goes: what is served there decides what it can be answered in. */
export interface Route {
  info: { verb: string; subresource?: string };
  kind: KindDefinition;
}

const OBJECT_TYPES = Object.values(CONTENT_TYPES);
const STREAM_TYPES = ["application/json;stream=watch", "application/vnd.kubernetes.protobuf;stream=watch"];
/** What comes from somebody else comes in their form. */
const PASSED_ON = new Set(["attach", "exec", "portforward", "proxy"]);
/** Their answer has columns. */
const SHOWN_IN_TABLES = new Set([undefined, "ephemeralcontainers", "finalize", "resize", "scale", "status"]);

/** The media types of a route, as go-restful's routes name them (apiserver's installer: Produces). */
function producedBy({ info }: Route): string[] {
  if (PASSED_ON.has(info.subresource ?? "")) return ["*/*"];
  if (info.subresource === "log") return ["text/plain", ...OBJECT_TYPES];
  return info.verb === "list" || info.verb === "watch" ? [...OBJECT_TYPES, ...STREAM_TYPES] : OBJECT_TYPES;
}

/** go-restful's matchesAccept, which comes before all else and knows no `application/*`. */
function refuseUnlessProduced(accept: string | undefined, produced: readonly string[]): void {
  if (accept !== undefined && produced.includes(accept)) return;
  const wanted = (accept || "*/*").split(",").map((clause) => clause.split(";", 1)[0]!.trim());
  if (produced.includes("*/*") || wanted.some((type) => type === "*/*" || produced.includes(type))) return;
  const message = `406: Not Acceptable\n\nAvailable representations: ${produced.join(", ")}`;
  throw new StatusError(failureStatus(406, "NotAcceptable", message, {}));
}

/** The first form that can be given; throws NotAcceptable (406) when there is none. */
export function wantedForm(accept: string | undefined, pretty: boolean, route?: Route): WantedForm {
  if (route) refuseUnlessProduced(accept, producedBy(route));
  const isPassedOn =
    route !== undefined && (route.info.subresource === "log" || PASSED_ON.has(route.info.subresource ?? ""));
  const isWatch = route?.info.verb === "watch";
  for (const { type, params } of parseAccept(accept)) {
    const encoding = ENCODING_BY_TYPE[type];
    if (!encoding || (isWatch && encoding === "yaml")) continue;
    if (encoding === "protobuf" && params.as === undefined && !hasProtobuf(route)) continue;
    const form = { encoding, version: "v1" as const, pretty: pretty || params.pretty === "1" };
    if (params.as === undefined && params.g === undefined && params.v === undefined)
      return { ...form, shape: "object" };
    const shape = SHAPE_BY_KIND[params.as ?? ""];
    const isKnown = shape && params.g === "meta.k8s.io" && (params.v === "v1" || params.v === "v1beta1");
    // Tables have no protobuf form.
    if (!isKnown || (shape === "table" && (encoding === "protobuf" || !hasTable(route)))) continue;
    const isList = params.as === "PartialObjectMetadataList";
    return { ...form, shape, isList, version: params.v as "v1" | "v1beta1" };
  }
  if (isPassedOn) return { encoding: "json", shape: "object", version: "v1", pretty };
  throw statusNotAcceptable(isWatch ? STREAM_TYPES : OBJECT_TYPES);
}

/** Custom objects have no protobuf form; their scale and their metadata have. */
function hasProtobuf(route: Route | undefined): boolean {
  return !route?.kind.readStructure || route.info.subresource === "scale";
}

function hasTable(route: Route | undefined): boolean {
  if (route === undefined) return false;
  const { use } = route.kind;
  return (use === undefined || use === "computed") && SHOWN_IN_TABLES.has(route.info.subresource);
}

/** A refusal's encoding: the client's where it wants an object, or else JSON. */
export function errorEncoding(accept: string | undefined): Encoding {
  for (const { type, params } of parseAccept(accept)) {
    const encoding = ENCODING_BY_TYPE[type];
    if (encoding && params.as === undefined && params.g === undefined && params.v === undefined)
      return encoding;
  }
  return "json";
}

/** `*core.PodList`: how upstream names what it was about to answer. */
function goType({ group, kind }: KindDefinition, isList: boolean): string {
  return `*${goPackage(group)}.${kind}${isList ? "List" : ""}`;
}

/** Metadata was asked for in the form of a list, and the answer is an object; or the other way round. */
export function refuseOtherShape(
  { shape, isList = false }: WantedForm,
  kind: KindDefinition,
  answersList: boolean,
): void {
  if (shape !== "metadata" || isList === answersList) return;
  const wanted = isList ? "PartialObjectMetadataList" : "PartialObjectMetadata";
  const what = answersList ? "a list" : "not a list";
  const message = `you requested ${wanted}, but the requested object is ${what} (${goType(kind, answersList)})`;
  throw new StatusError(failureStatus(406, "NotAcceptable", message));
}
