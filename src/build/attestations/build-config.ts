import type { Definition, Op, SourceOp } from "../llb/index.ts";
import type { SolvedOperation } from "../solver/types.ts";
import { withoutUserInfo } from "./redaction.ts";

interface Step {
  id: string;
  op: object;
  inputs: string[];
}

/** Operations as steps with numbers, and where in the build's files they come from (moby/buildkit, provenance/buildconfig.go). */
export function buildConfigOf(
  operations: readonly SolvedOperation[],
  { source }: Pick<Definition, "source">,
) {
  const ids = new Map(operations.map(({ digest }, index) => [digest, `step${index}`]));
  const steps: Step[] = operations.map(({ digest, op }) => ({
    id: ids.get(digest)!,
    op: operationJson(op),
    inputs: op.inputs.map((input) => `${ids.get(input.digest)}:${input.index}`),
  }));
  const locations = Object.entries(source?.locations ?? {}).flatMap(([digest, found]) => {
    const id = ids.get(digest);
    return id === undefined ? [] : [[id, plain(found)]];
  });
  const infos = (source?.infos ?? []).map((info) => plain(info));
  return {
    buildConfig: { llbDefinition: steps, digestMapping: Object.fromEntries(ids) },
    source: infos.length > 0 ? { locations: Object.fromEntries(locations), infos } : undefined,
  };
}

/** As BuildKit writes operations: the kind in a member of its own. */
function operationJson({ exec, source, file, merge, diff, build, platform, constraints }: Op): object {
  const own = {
    exec,
    source: source && sourceOf(source),
    file,
    merge,
    diff,
    build,
  };
  return {
    Op: plain(own),
    ...(platform ? { platform: { OS: platform.os, Architecture: platform.architecture } } : {}),
    constraints: plain(constraints ?? {}),
  };
}

/** A session is the client's only for the time of the build; an address may hold a password. */
function sourceOf({ identifier, attrs }: SourceOp): object {
  const told = Object.entries(attrs).filter(([key]) => key !== "local.session" && key !== "local.unique");
  return {
    identifier: withoutUserInfo(identifier),
    attrs: Object.fromEntries(told.map(([key, value]) => [key, withoutUserInfo(value)])),
  };
}

/** Without what is not set, as Go's omitempty; bytes in base64. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, one]): [string, unknown] => [key, plain(one)]);
  return Object.fromEntries(members.filter(([, one]) => !isEmpty(one)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}
