import { closeSync, constants, openSync, writeSync } from "node:fs";
import { conflict, errnoCode } from "../base/index.ts";

/** Writes one line to conmon's control fifo. Conflict when nobody reads it any more. */
export function writeControl(path: string, line: string): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ENXIO"].includes(errnoCode(error) ?? "")) {
      throw conflict("the container's monitor is gone", { code: "Runtime.NotRunning", cause: error });
    }
    throw error;
  }
  try {
    writeSync(fd, line);
  } finally {
    closeSync(fd);
  }
}
