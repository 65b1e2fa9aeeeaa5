import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { GantryError } from "../base/index.ts";
import { isStaticProgram } from "./static-program.ts";
import type { RuntimeInfo } from "./types.ts";

/** Where distributions put them; the program's own PATH is not trusted to name what runs as root. */
const DIRECTORIES = [
  "/usr/local/bin",
  "/usr/local/sbin",
  "/usr/bin",
  "/usr/sbin",
  "/bin",
  "/sbin",
  "/usr/libexec/podman",
  "/usr/lib/podman",
];

/** The absolute path of a host program, or undefined. */
export function findProgram(name: string): string | undefined {
  return programsNamed(name)[0];
}

function programsNamed(name: string): string[] {
  return DIRECTORIES.map((directory) => join(directory, name)).filter((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Names of programs that do as process 1 what an init must; Debian's `tini` is dynamic, and its `tini-static` beside it is not. */
const INITS = ["docker-init", "tini-static", "tini", "catatonit"];

/** The program that `--init` runs as process 1: one that needs nothing else, for a container has its own libraries or none. */
export function findInit(): string | undefined {
  return INITS.flatMap(programsNamed).find(isStaticProgram);
}

/** Looks for crun (else runc) and conmon, and asks them for their versions. */
export async function detectRuntime(): Promise<RuntimeInfo> {
  const crun = findProgram("crun");
  const path = crun ?? findProgram("runc");
  const conmonPath = findProgram("conmon");
  const missing = [path ? undefined : "crun", conmonPath ? undefined : "conmon"].filter(
    (name) => name !== undefined,
  );
  if (!path || !conmonPath) {
    throw new GantryError("Unavailable", `cannot run containers: ${missing.join(" and ")} not found`, {
      code: "Runtime.Missing",
      hint: `install the packages: apt-get install ${missing.join(" ")}`,
      details: { missing },
    });
  }
  const [version, conmonVersion] = await Promise.all([versionOf(path), versionOf(conmonPath)]);
  return { name: crun ? "crun" : "runc", path, version, conmonPath, conmonVersion };
}

async function versionOf(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { env: {}, timeout: 10_000 });
    return /version\s+(\S+)/.exec(stdout)?.[1] ?? "unknown";
  } catch (error) {
    throw new GantryError(
      "Unavailable",
      `${path} --version failed: ${String((error as Error).message).trim()}`,
      {
        code: "Runtime.Broken",
        cause: error,
      },
    );
  }
}
