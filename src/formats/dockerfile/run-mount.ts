import { CsvError, parseCsv } from "../csv.ts";
import { parseGoBool } from "../go-bool.ts";
import { suggestion } from "../nearest-word.ts";
import { parseSize } from "../size.ts";
import { syntaxError } from "./errors.ts";

export type RunMountType = "bind" | "cache" | "tmpfs" | "secret" | "ssh";
export type CacheSharingMode = "shared" | "private" | "locked";

/** `RUN --mount=type=…`: what is bound in while the command runs. */
export interface RunMount {
  type: RunMountType;
  from: string;
  source: string;
  target: string;
  readOnly: boolean;
  /** Of a tmpfs; 0 for none. */
  sizeLimitBytes: number;
  id: string;
  sharing: CacheSharingMode | "";
  required: boolean;
  /** Variable that a secret becomes. */
  env?: string;
  mode?: number;
  uid?: number;
  gid?: number;
}

const TYPES: readonly string[] = ["bind", "cache", "tmpfs", "secret", "ssh"] satisfies RunMountType[];
const SHARING_MODES: readonly string[] = ["shared", "private", "locked"] satisfies CacheSharingMode[];
const KEYS =
  "type from source target readonly id sharing required size mode uid gid src dst destination ro rw readwrite env".split(
    " ",
  );
const MAX_UINT32 = 2 ** 32 - 1;

/** What can be said of a mount before its variables are known: the stage or image that it comes from. */
export function mountSource(text: string): string {
  let from = "";
  for (const field of csvFields(text, "mounts")) {
    const equals = field.indexOf("=");
    if (equals < 0 || field.slice(0, equals).toLowerCase() !== "from") continue;
    from = field.slice(equals + 1);
    const dollar = from.indexOf("$");
    if (dollar >= 0 && dollar !== from.length - 1)
      throw syntaxError("'from' doesn't support variable expansion, define alias stage instead");
  }
  return from;
}

/** Reads `type=cache,target=/root/.cache`; `expand` substitutes variables in each value. Throws DockerfileSyntaxError. */
export function parseRunMount(text: string, expand: (value: string) => string): RunMount {
  const mount: RunMount = {
    ...{ type: "bind", from: "", source: "", target: "", readOnly: false, sizeLimitBytes: 0 },
    ...{ id: "", sharing: "", required: false },
  };
  let readOnly: boolean | undefined;
  for (const field of csvFields(text, "mounts")) {
    const equals = field.indexOf("=");
    const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const value = equals < 0 ? undefined : expand(field.slice(equals + 1));
    if (key === "readonly" || key === "ro") readOnly = value === undefined || boolean(key, value);
    else if (key === "readwrite" || key === "rw") readOnly = !(value === undefined || boolean(key, value));
    else if (key === "required") {
      assertFits(key, mount, ["secret", "ssh"]);
      mount.required = value === undefined || boolean(key, value);
    } else if (value === undefined) throw syntaxError(`invalid field '${field}' must be a key=value pair`);
    else setOption(mount, key, value, field);
  }
  mount.readOnly = readOnly ?? (mount.type !== "cache" && mount.type !== "tmpfs");
  assertConsistent(mount);
  return mount;
}

function setOption(mount: RunMount, key: string, value: string, field: string): void {
  switch (key) {
    case "type":
      mount.type = oneOf(value, TYPES, "unsupported mount type") as RunMountType;
      return;
    case "from":
      mount.from = value;
      return;
    case "source":
    case "src":
      mount.source = value;
      return;
    case "target":
    case "dst":
    case "destination":
      mount.target = value;
      return;
    case "size":
      assertFits(key, mount, ["tmpfs"]);
      mount.sizeLimitBytes = size(value);
      return;
    case "id":
      mount.id = value;
      return;
    case "sharing":
      mount.sharing = oneOf(value, SHARING_MODES, "unsupported sharing value") as CacheSharingMode;
      return;
    case "mode":
      mount.mode = unsigned(value, 8, key);
      return;
    case "uid":
    case "gid":
      mount[key] = unsigned(value, 10, key);
      return;
    case "env":
      mount.env = value;
      return;
    default:
      throw syntaxError(`unexpected key '${key}' in '${field}'${suggestion(key, KEYS)}`);
  }
}

function assertConsistent(mount: RunMount): void {
  if (mount.type === "bind" || mount.type === "tmpfs") {
    for (const key of ["mode", "uid", "gid"] as const)
      if (mount[key] !== undefined) throw syntaxError(`${key} not allowed for "${mount.type}" type mounts`);
  }
  if (mount.type === "secret") {
    if (mount.from !== "") throw syntaxError("secret mount should not have a from");
    if (mount.sharing !== "") throw syntaxError("secret mount should not define sharing");
    if (mount.source === "" && mount.target === "" && mount.id === "")
      throw syntaxError("invalid secret mount. one of source, target required");
    if (mount.source !== "" && mount.id !== "") throw syntaxError("both source and id can't be set");
  }
  if (mount.sharing !== "" && mount.type !== "cache")
    throw syntaxError(`invalid cache sharing set for ${mount.type} mount`);
}

function assertFits(key: string, { type }: RunMount, types: readonly RunMountType[]): void {
  if (!types.includes(type)) throw syntaxError(`unexpected key '${key}' for mount type '${type}'`);
}

function boolean(key: string, value: string): boolean {
  const parsed = parseGoBool(value);
  if (parsed === undefined) throw syntaxError(`invalid value for ${key}: ${value}`);
  return parsed;
}

function size(value: string): number {
  const bytes = parseSize(value);
  if (bytes === undefined) throw syntaxError(`invalid value for size: ${value}`);
  return bytes;
}

function unsigned(value: string, radix: 8 | 10, key: string): number {
  const digits = radix === 8 ? /^[0-7]+$/ : /^\d+$/;
  const number = Number.parseInt(value, radix);
  if (!digits.test(value) || number > MAX_UINT32) throw syntaxError(`invalid value ${value} for ${key}`);
  return number;
}

function oneOf(value: string, allowed: readonly string[], problem: string): string {
  const lower = value.toLowerCase();
  if (allowed.includes(lower)) return lower;
  throw syntaxError(`${problem} ${JSON.stringify(value)}${suggestion(value, allowed)}`);
}

/** The fields of one line of comma-separated values. */
export function csvFields(text: string, what: string): string[] {
  try {
    return parseCsv(text)[0] ?? [];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw syntaxError(`failed to parse csv ${what}: ${error.message}`);
  }
}
