import { type Platform, parseImageReference } from "../../formats/index.ts";
import { NetworkMode } from "../llb/messages.ts";
import type { SolvedOperation } from "../solver/types.ts";
import { imageUrl } from "./package-url.ts";
import { withoutUserInfo } from "./redaction.ts";

export interface Material {
  uri: string;
  digest?: Record<string, string>;
}

/** What a build was made of, read from its operations (moby/buildkit, llbsolver/provenance). */
export interface Capture {
  materials: Material[];
  locals: string[];
  secrets: { id: string; optional?: true }[];
  ssh: { id: string; optional?: true }[];
  usesNetwork: boolean;
  /** Something went in that no digest tells of. */
  isIncomplete: boolean;
}

export function captureOf(operations: readonly SolvedOperation[], platform: Platform): Capture {
  const materials = new Map<string, Material>();
  const locals = new Set<string>();
  const secrets = new Map<string, boolean>();
  const ssh = new Map<string, boolean>();
  let usesNetwork = false;
  let isIncomplete = false;
  for (const { op, pin } of operations) {
    if (op.source) {
      const [scheme = "", rest = ""] = split(op.source.identifier);
      if (scheme === "local") locals.add(rest);
      else {
        const material = materialOf(scheme, rest, op.source.attrs, op.platform ?? platform, pin);
        materials.set(material.uri, material);
        if (!material.digest) isIncomplete = true;
      }
    }
    if (!op.exec) continue;
    usesNetwork ||= op.exec.network !== NetworkMode.NONE;
    for (const { secret, ssh: agent } of op.exec.mounts) {
      if (secret) keep(secrets, secret);
      if (agent) keep(ssh, { ...agent, id: agent.id || "default" });
    }
    for (const secret of op.exec.secretEnv) keep(secrets, secret);
  }
  return {
    materials: [...materials.values()].sort((a, b) => (a.uri < b.uri ? -1 : 1)),
    locals: [...locals].sort(),
    secrets: listOf(secrets),
    ssh: listOf(ssh),
    usesNetwork,
    isIncomplete: isIncomplete || locals.size > 0,
  };
}

function materialOf(
  scheme: string,
  rest: string,
  attrs: Readonly<Record<string, string>>,
  platform: Platform,
  pin: string | undefined,
): Material {
  if (scheme === "docker-image" || scheme === "oci-layout") {
    const { digest } = parseImageReference(rest);
    const uri = imageUrl(digest === undefined ? rest : rest.slice(0, rest.lastIndexOf("@")), platform);
    return { uri, ...(digest === undefined ? {} : { digest: digestSet(digest) }) };
  }
  if (scheme === "git") {
    const remote = attrs["git.fullurl"] || `https://${rest.split("#")[0]}`;
    const ref = rest.includes("#") ? `#${rest.slice(rest.indexOf("#") + 1)}` : "";
    const digest = pin === undefined ? {} : { digest: { [pin.length === 64 ? "sha256" : "sha1"]: pin } };
    return { uri: withoutUserInfo(remote) + ref, ...digest };
  }
  const checksum = attrs["http.checksum"];
  return {
    uri: withoutUserInfo(`${scheme}://${rest}`),
    ...(checksum ? { digest: digestSet(checksum) } : {}),
  };
}

function split(identifier: string): string[] {
  const at = identifier.indexOf("://");
  return [identifier.slice(0, at), identifier.slice(at + 3)];
}

export function digestSet(digest: string): Record<string, string> {
  const [algorithm = "", hex = ""] = digest.split(":");
  return { [algorithm]: hex };
}

/** One that is needed once is needed. */
function keep(all: Map<string, boolean>, { id, optional }: { id: string; optional: boolean }): void {
  all.set(id, optional && (all.get(id) ?? true));
}

function listOf(all: ReadonlyMap<string, boolean>): { id: string; optional?: true }[] {
  return [...all]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, optional]) => (optional ? { id, optional: true as const } : { id }));
}
