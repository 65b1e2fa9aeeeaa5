import { posix } from "node:path";
import { invalidArgument } from "../../../base/index.ts";
import { newMap, type TreeMap } from "../tree/index.ts";

const PROPAGATIONS = new Set(["rprivate", "private", "rshared", "shared", "rslave", "slave"]);

/** `[source:]target[:options]` of a service's volume in its long form (compose-go, format.ParseVolume). */
export function parseVolumeSpec(spec: string): TreeMap {
  if (spec === "") throw invalidArgument("invalid empty volume spec");
  const volume = newMap();
  // Too short for a source and a target.
  if (spec.length <= 2)
    return newMap([
      ["type", "volume"],
      ["target", cleanTarget(spec)],
    ]);
  const sections = splitSpec(spec);
  const refuse = (why: string) => invalidArgument(`invalid spec: ${spec}: ${why}`);
  if (sections.includes("")) throw refuse("empty section between colons");
  if (sections.length > 3) throw refuse("too many colons");
  const [first = "", second, options] = sections;
  const source = second === undefined ? undefined : first;
  const bind = newMap();
  const named = newMap();
  for (const option of options?.split(",") ?? []) {
    if (option === "ro") volume.read_only = true;
    else if (option === "rw") delete volume.read_only;
    else if (option === "nocopy") named.nocopy = true;
    else if (PROPAGATIONS.has(option)) bind.propagation = option;
    else if (option === "z" || option === "Z") bind.selinux = option;
  }
  const isBind = source !== undefined && isFilePath(source);
  volume.type = isBind ? "bind" : "volume";
  if (source !== undefined) volume.source = source;
  volume.target = cleanTarget(second ?? first);
  if (isBind) {
    // The short form makes the directory on the host, as the first Compose did.
    bind.create_host_path = true;
    volume.bind = bind;
    if (Object.keys(named).length > 0) volume.volume = named;
  } else {
    volume.volume = named;
    if (Object.keys(bind).length > 0) volume.bind = bind;
  }
  return volume;
}

/** At colons, except of a drive's letter and inside `${…}`. */
function splitSpec(spec: string): string[] {
  const sections: string[] = [];
  let section = "";
  let braces = 0;
  for (let at = 0; at < spec.length; at++) {
    const char = spec[at]!;
    if (char === "$" && spec[at + 1] === "{") braces++;
    if (char === "}" && braces > 0) braces--;
    const isDrive = char === ":" && /^[a-zA-Z]$/.test(section);
    if (char !== ":" || braces > 0 || isDrive) section += char;
    else {
      sections.push(section);
      section = "";
    }
  }
  return [...sections, section];
}

export function isFilePath(source: string): boolean {
  return /^[./~]/.test(source) || source.startsWith("\\\\") || /^[a-zA-Z]:/.test(source);
}

export function cleanTarget(target: string): string {
  if (target === "") return "";
  const clean = posix.normalize(target);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}
