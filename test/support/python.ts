import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "./run.ts";

/** Whether there is a Python that can make environments of its own. */
export function hasPython(): boolean {
  return spawnSync("python3", ["-c", "import venv, ensurepip"]).status === 0;
}

export interface PythonEnvironment {
  /** Path of its interpreter. */
  python: string;
  remove(): void;
}

/** An environment of its own with the packages of a requirements file, from the package index that this machine uses. */
export async function makePythonEnvironment(requirements: string): Promise<PythonEnvironment> {
  const directory = mkdtempSync(join(tmpdir(), "gantry-python-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  const python = join(directory, "bin", "python");
  try {
    await mustRun("python3", ["-m", "venv", directory]);
    await mustRun(python, ["-m", "pip", "install", "--quiet", "--requirement", requirements], {
      timeoutMs: 120_000,
    });
  } catch (error) {
    remove();
    throw error;
  }
  return { python, remove };
}
