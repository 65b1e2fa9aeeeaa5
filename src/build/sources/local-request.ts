import { GantryError, invalidArgument } from "../../base/index.ts";
import type { SourceOp } from "../llb/index.ts";
import type { ClientSession, FileSyncRequest } from "../session/types.ts";

export interface LocalRequest extends FileSyncRequest {
  sharedKeyHint: string;
  /** False: everything is sent again, whatever it looks like. */
  comparesMetadata: boolean;
}

/** Reads `local://NAME` with LLB's attributes (moby/buildkit, solver/pb/attr.go). */
export function readLocalRequest({ identifier, attrs }: SourceOp): LocalRequest {
  return {
    name: identifier.replace(/^local:\/\//, ""),
    includePatterns: readList(attrs, "local.includepattern"),
    excludePatterns: readList(attrs, "local.excludepatterns"),
    followPaths: readList(attrs, "local.followpaths"),
    sharedKeyHint: attrs["local.sharedkeyhint"] ?? "",
    comparesMetadata: attrs["local.differ"] !== "none",
  };
}

function readList(attrs: Readonly<Record<string, string>>, name: string): string[] {
  const text = attrs[name];
  if (!text) return [];
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    list = undefined;
  }
  if (Array.isArray(list) && list.every((one) => typeof one === "string")) return list;
  throw invalidArgument(`invalid ${name}: ${text.slice(0, 200)}`, { code: "Build.Definition" });
}

/** The session that a local source belongs to: mostly the build's own. */
export async function sessionOf(
  { attrs }: SourceOp,
  session: ClientSession | undefined,
  signal: AbortSignal,
): Promise<ClientSession> {
  const wanted = attrs["local.session"];
  if (!session)
    throw new GantryError("InvalidArgument", "no local sources enabled", { code: "Build.NoSession" });
  if (!wanted || wanted === session.id) return session;
  if (!session.other)
    throw new GantryError("NotFound", `no active session for ${wanted}: context deadline exceeded`, {
      code: "Build.NoSession",
    });
  return session.other(wanted, signal);
}
