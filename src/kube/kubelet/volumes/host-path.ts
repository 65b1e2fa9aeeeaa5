import type { Stats } from "node:fs";
import { mkdir, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoCode, GantryError } from "../../../base/index.ts";

const CHECKS: Record<string, [matches: (info: Stats) => boolean, complaint: string]> = {
  Directory: [(info) => info.isDirectory(), "is not a directory"],
  File: [(info) => info.isFile(), "is not a file"],
  Socket: [(info) => info.isSocket(), "is not a socket file"],
  CharDevice: [(info) => info.isCharacterDevice(), "is not a character device"],
  BlockDevice: [(info) => info.isBlockDevice(), "is not a block device"],
};

/** Checks (and with the OrCreate types makes) what a hostPath volume names; upstream's messages. */
export async function prepareHostPath(path: string, type: string): Promise<void> {
  if (type === "") return;
  if (type === "DirectoryOrCreate") await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === "FileOrCreate") await createFile(path);
  const check = CHECKS[type.replace(/OrCreate$/, "")];
  if (!check) throw failed(`unknown hostPath type ${type}`);
  const info = await statOrUndefined(path);
  const [matches, complaint] = check;
  if (!info || !matches(info)) throw failed(`hostPath type check failed: ${path} ${complaint}`);
}

async function createFile(path: string): Promise<void> {
  if (await statOrUndefined(path)) return;
  try {
    await (await open(path, "wx", 0o644)).close();
  } catch (error) {
    if (errnoCode(error) === "ENOENT")
      throw failed(`open ${path}: no such file or directory (${dirname(path)} must exist)`);
    if (errnoCode(error) !== "EEXIST") throw error;
  }
}

async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    const code = errnoCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

const failed = (message: string) => new GantryError("InvalidArgument", message, { code: "Kubelet.HostPath" });
