import { closeSync, constants, fstatSync, readSync } from "node:fs";
import { O_PATH, openAtRoot, reopenFile } from "../../../kernel/index.ts";
import { treeEntries } from "../../exporters/tree-entries.ts";
import type { FileEntry } from "../../session/types.ts";
import { goBuildInfo } from "./go-build-info.ts";
import { readGoModules, readNodeModule, readPythonMetadata } from "./language-packages.ts";
import type { FoundPackage, ReadPackages } from "./packages.ts";
import { readApkInstalled, readDpkgStatus } from "./system-packages.ts";

export interface ScannedTree {
  packages: FoundPackage[];
  /** As `os-release` says: `debian`, `12`. */
  distribution: { id: string; version: string } | undefined;
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_PACKAGES = 200_000;

const LISTS: readonly [RegExp, ReadPackages][] = [
  [/^var\/lib\/dpkg\/status$/, readDpkgStatus],
  [/^var\/lib\/dpkg\/status\.d\/[^/]+(?<!\.md5sums)$/, readDpkgStatus],
  [/^(?:usr\/)?lib\/apk\/db\/installed$/, readApkInstalled],
  [/(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/, readNodeModule],
  [/\.dist-info\/METADATA$|\.egg-info\/PKG-INFO$/, readPythonMetadata],
];

/** The packages that a tree has, as far as they are told of in it: dpkg, apk, npm, Python, and modules of Go programs. */
export async function scanTree(rootFd: number, signal: AbortSignal): Promise<ScannedTree> {
  const packages = new Map<string, FoundPackage>();
  let distribution: ScannedTree["distribution"];
  for await (const entry of treeEntries(rootFd)) {
    signal.throwIfAborted();
    if ((entry.mode & constants.S_IFMT) !== constants.S_IFREG) continue;
    if (/^(?:etc|usr\/lib)\/os-release$/.test(entry.path))
      distribution ??= readDistribution(textOf(rootFd, entry.path));
    for (const found of packagesOf(rootFd, entry)) {
      const key = JSON.stringify([found.type, found.name, found.version, found.foundIn]);
      if (packages.size < MAX_PACKAGES) packages.set(key, found);
    }
  }
  return { packages: [...packages.values()], distribution };
}

function packagesOf(rootFd: number, { path, mode }: FileEntry): FoundPackage[] {
  const read = LISTS.find(([pattern]) => pattern.test(path))?.[1];
  if (read) return read(textOf(rootFd, path), path);
  return (mode & 0o111) === 0 ? [] : goModulesOf(rootFd, path);
}

function goModulesOf(rootFd: number, path: string): FoundPackage[] {
  return (
    withFile(rootFd, path, (fd) => {
      const info = goBuildInfo(fd);
      if (!info) return [];
      const version = info.goVersion.replace(/^go/, "");
      return [
        { type: "golang" as const, name: "stdlib", version, foundIn: path },
        ...readGoModules(info.modules, path),
      ];
    }) ?? []
  );
}

function readDistribution(text: string): ScannedTree["distribution"] {
  const value = (name: string) => new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  const id = value("ID");
  return id === "" ? undefined : { id, version: value("VERSION_ID") };
}

/** Empty where it is no file that can be read, or too large to be a list. */
function textOf(rootFd: number, path: string): string {
  return (
    withFile(rootFd, path, (fd) => {
      const { size } = fstatSync(fd);
      if (size > MAX_FILE_BYTES) return "";
      const buffer = Buffer.alloc(size);
      return buffer.subarray(0, readSync(fd, buffer, 0, size, 0)).toString("utf8");
    }) ?? ""
  );
}

function withFile<T>(rootFd: number, path: string, use: (fd: number) => T): T | undefined {
  const fd = reopenFile(openAtRoot(rootFd, path, O_PATH));
  if (fd === undefined) return undefined;
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}
