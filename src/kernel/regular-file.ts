import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { errnoCode } from "../base/index.ts";
import { fdPath, O_PATH } from "./in-root.ts";

/**
 * Opens for reading what a descriptor of O_PATH stands for, which is closed, if it is a regular file. Nothing else is ever
 * opened: a fifo would make everybody wait, and to open a device can be to use it.
 */
export function reopenFile(pathFd: number): number | undefined {
  try {
    return fstatSync(pathFd).isFile() ? openSync(fdPath(pathFd), "r") : undefined;
  } finally {
    closeSync(pathFd);
  }
}

/** Opens a regular file for reading; undefined when it is none (a link is none) or nothing. */
export function openRegularFile(path: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(path, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoCode(error) ?? "")) return undefined;
    throw error;
  }
  return reopenFile(fd);
}
