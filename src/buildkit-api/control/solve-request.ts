import { invalidArgument, notImplemented } from "../../base/index.ts";
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
  for (const entitlement of request.entitlements) {
    if (!ENTITLEMENTS.includes(entitlement.split("=")[0]!))
      throw invalidArgument(`unknown entitlement ${entitlement}`);
  }
  for (const { type } of request.cache?.exports ?? [])
    throw notImplemented(`exporting the build cache (type ${JSON.stringify(type)}) is not supported`);
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

export function cacheImportsOf({ cache }: SolveMessage): string[] {
  return [
    ...(cache?.importRefsDeprecated ?? []),
    ...(cache?.imports ?? []).map(({ type, attrs }) => attrs.ref ?? attrs.src ?? type),
  ];
}
