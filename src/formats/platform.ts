import { GantryError } from "../base/index.ts";
import type { Platform } from "./oci-types.ts";

const SYSTEMS = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos".split(
    " ",
  ),
);
const ARCHITECTURES = new Set(
  (
    "386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 " +
    "mips64p32le ppc riscv riscv64 s390 s390x sparc sparc64 wasm"
  ).split(" "),
);
/** Names that uname and distributions use for Go's. */
const ALIASES: Record<string, [architecture: string, variant?: string]> = {
  i386: ["386"],
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  amd64: ["amd64"],
  aarch64: ["arm64"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
};
const COMPONENT = /^[A-Za-z0-9_.-]+$/;

/**
 * Reads `linux/amd64`, `linux`, `arm64` or `linux/arm/v7` as containerd's platforms package does, with its words. What is
 * left open is this machine's.
 */
export function parsePlatform(text: string): Platform {
  const quoted = JSON.stringify(text);
  if (text.includes("*")) throw refused(`${quoted}: wildcards not yet supported`);
  const parts = text.split("/");
  for (const part of parts) {
    if (COMPONENT.test(part)) continue;
    throw refused(
      `${JSON.stringify(part)} is an invalid component of ${quoted}: platform specifier component must match ${JSON.stringify(COMPONENT.source)}`,
    );
  }
  const [first, second, variant] = parts;
  if (parts.length > 3) throw refused(`${quoted}: cannot parse platform specifier`);
  if (second !== undefined) return { os: systemOf(first!), ...architectureOf(second, variant) };
  const os = systemOf(first!);
  if (SYSTEMS.has(os)) return { os, architecture: ownArchitecture() };
  const own = architectureOf(first!, undefined);
  if (ARCHITECTURES.has(own.architecture)) return { os: "linux", ...own };
  throw refused(`${quoted}: unknown operating system or architecture`);
}

/** The one way to write a platform that may be written in several: `arm64/v8` is `arm64`, `arm` is `arm/v7`. */
export function normalizePlatform(platform: Platform): Platform {
  const { variant, ...rest } = platform;
  const { os, architecture } = platform;
  const plain = { ...rest, ...architectureOf(architecture, variant), os: systemOf(os) };
  if (plain.architecture === "arm64" && (plain.variant === "8" || plain.variant === "v8"))
    delete plain.variant;
  if (plain.architecture === "amd64" && plain.variant === "v1") delete plain.variant;
  if (plain.architecture === "arm")
    plain.variant = /^\d$/.test(plain.variant ?? "") ? `v${plain.variant}` : plain.variant || "v7";
  if (plain.variant === "") delete plain.variant;
  return plain;
}

/** `linux/arm/v7`, with the system's version if it has one. */
export function platformId({ os, architecture, variant, "os.version": version }: Platform): string {
  const system = version ? `${os}(${version})` : os;
  return [system, architecture, variant].filter(Boolean).join("/");
}

function refused(message: string): GantryError {
  return new GantryError("InvalidArgument", `${message}: invalid argument`, { code: "Platform.Invalid" });
}

function systemOf(name: string): string {
  const lower = name.toLowerCase();
  return lower === "macos" ? "darwin" : lower;
}

function architectureOf(name: string, variant: string | undefined): Omit<Platform, "os"> {
  const lower = name.toLowerCase();
  const [architecture, implied] = ALIASES[lower] ?? [lower];
  const named = variant ?? implied;
  return { architecture, ...(named === undefined ? {} : { variant: named }) };
}

const ownArchitecture = () => (process.arch === "x64" ? "amd64" : process.arch);
