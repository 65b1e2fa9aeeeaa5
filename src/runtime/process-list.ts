import { spawn } from "node:child_process";
import { GantryError, notImplemented, readAll } from "../base/index.ts";
import { findProgram } from "./runtime-binary.ts";

/** Output of the host's ps. */
export async function listHostProcesses(psArguments: readonly string[]): Promise<string> {
  const path = findProgram("ps");
  if (!path) {
    throw notImplemented("the host has no ps program", {
      code: "Runtime.NoPs",
      hint: "install the package procps",
    });
  }
  const child = spawn(path, [...psArguments], {
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exit = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  const [exitCode, stdout, stderr] = await Promise.all([
    exit,
    readAll(child.stdout!, 64 * 1024 * 1024),
    readAll(child.stderr!, 1024 * 1024),
  ]);
  if (exitCode !== 0) {
    // Its first line says why, the others how it is used.
    const [reason] = stderr.toString().split("\n");
    throw new GantryError("InvalidArgument", `ps: ${reason || `exit status ${exitCode}`}`, {
      code: "Runtime.Ps",
    });
  }
  return stdout.toString();
}
