import { closeSync, constants, openSync, readFileSync } from "node:fs";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoCode } from "../../base/index.ts";
import { O_PATH } from "../../kernel/index.ts";
import type { LocalEntry } from "./local-tree.ts";

/**
 * One client's directory on disk:
 *
 *     <dir>/tree/        the files, as they were sent
 *     <dir>/index.json   what is there; absent while the tree is being changed, so that a torn one is never taken for whole
 */
export class LocalDirectory {
  readonly dir: string;
  readonly tree: string;
  readonly entries = new Map<string, LocalEntry>();
  rootFd = -1;

  constructor(dir: string) {
    this.dir = dir;
    this.tree = join(dir, "tree");
  }

  /** Empty where nobody knows what the tree holds. */
  async open(): Promise<void> {
    const stored = readIndex(join(this.dir, "index.json"));
    if (!stored) await rm(this.tree, { recursive: true, force: true });
    await mkdir(this.tree, { recursive: true });
    // It is the root of what builds see; nobody else gets to it through the directory around it.
    await chmod(this.tree, 0o755);
    this.rootFd = openSync(this.tree, O_PATH | constants.O_DIRECTORY);
    for (const entry of stored ?? []) this.entries.set(entry.path, entry);
  }

  async beginChange(): Promise<void> {
    await rm(join(this.dir, "index.json"), { force: true });
  }

  async endChange(): Promise<void> {
    const temporary = join(this.dir, "index.json.tmp");
    await writeFile(temporary, JSON.stringify([...this.entries.values()], numberText), { mode: 0o600 });
    await rename(temporary, join(this.dir, "index.json"));
  }

  close(): void {
    if (this.rootFd >= 0) closeSync(this.rootFd);
    this.rootFd = -1;
  }

  async remove(): Promise<void> {
    this.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

function numberText(key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (key !== "xattrs") return value;
  const xattrs = Object.entries(value as LocalEntry["xattrs"]);
  return xattrs.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
}

function readIndex(path: string): LocalEntry[] | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errnoCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    const stored = JSON.parse(text) as (Omit<LocalEntry, "mtimeNs" | "xattrs"> & {
      mtimeNs: string;
      xattrs: [string, string][];
    })[];
    return stored.map((entry) => ({
      ...entry,
      mtimeNs: BigInt(entry.mtimeNs),
      xattrs: Object.fromEntries(entry.xattrs.map(([name, value]) => [name, Buffer.from(value, "base64")])),
    }));
  } catch {
    // Torn, then: what it told of is sent again.
    return undefined;
  }
}
