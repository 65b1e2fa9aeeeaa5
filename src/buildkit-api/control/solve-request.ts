import { invalidArgument, notImplemented } from "../../base/index.ts";
import { attestationWishes, type CacheWish } from "../../build/index.ts";
import type { protobuf } from "../../formats/index.ts";
import type { SOLVE } from "../messages/control-messages.ts";

export type SolveMessage = protobuf.Message<(typeof SOLVE)["request"]>;

export interface ExportWish {
  type: string;
  attributes: Readonly<Record<string, string>>;
}

const MAX_ID_CHARACTERS = 256;
const ENTITLEMENTS: readonly string[] = ["network.host", "security.insecure", "device"];
const EPOCH = "source-date-epoch";

/** Throws where a request asks for what is not there, or makes no sense. */
export function assertSolvable(request: SolveMessage): void {
  if (request.ref === "" || request.ref.length > MAX_ID_CHARACTERS)
    throw invalidArgument("the build has no usable id");
  if (request.sourcePolicy && request.sourcePolicy.rules.length > 0)
    throw notImplemented("source policies are not supported");
  attestationWishes(request.frontendAttrs);
  for (const entitlement of request.entitlements) {
    if (!ENTITLEMENTS.includes(entitlement.split("=")[0]!))
      throw invalidArgument(`unknown entitlement ${entitlement}`);
  }
}

/** Exporters in either of the forms that clients send, with the build's time for all. */
export function exportsOf(request: SolveMessage): ExportWish[] {
  const { exporters, exporterDeprecated, exporterAttrsDeprecated, frontendAttrs } = request;
  const wishes =
    exporters.length > 0 || exporterDeprecated === ""
      ? exporters.map(({ type, attrs }) => ({ type, attributes: attrs }))
      : [{ type: exporterDeprecated, attributes: exporterAttrsDeprecated }];
  const epoch = frontendAttrs["build-arg:SOURCE_DATE_EPOCH"];
  return wishes.map(({ type, attributes }) => ({
    type,
    attributes: epoch === undefined || EPOCH in attributes ? attributes : { ...attributes, [EPOCH]: epoch },
  }));
}

/** Caches to be kept; `inline` also where an argument of the build asks for it. */
export function cacheExportsOf({ cache, frontendAttrs }: SolveMessage): CacheWish[] {
  const wishes = [
    ...(cache?.exportRefDeprecated ? [registryWish(cache.exportRefDeprecated)] : []),
    ...(cache?.exports ?? []).map(({ type, attrs }) => ({ type, attributes: attrs })),
  ];
  const isInline = /^(?:1|t|true)$/i.test(frontendAttrs["build-arg:BUILDKIT_INLINE_CACHE"] ?? "");
  if (!isInline || wishes.some(({ type }) => type === "inline")) return wishes;
  return [...wishes, { type: "inline", attributes: {} }];
}

/** Caches to be looked into. Old clients name them among the frontend's options. */
export function cacheImportsOf({ cache, frontendAttrs }: SolveMessage): CacheWish[] {
  const given = [
    ...(cache?.importRefsDeprecated ?? []).map(registryWish),
    ...(cache?.imports ?? []).map(({ type, attrs }) => ({ type, attributes: attrs })),
  ];
  if (given.length > 0) return given;
  return (frontendAttrs["cache-from"] ?? "")
    .split(",")
    .filter((reference) => reference !== "")
    .map(registryWish);
}

function registryWish(reference: string): CacheWish {
  return { type: "registry", attributes: { ref: reference } };
}
