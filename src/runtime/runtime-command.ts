import { spawn } from "node:child_process";
import { GantryError, readAll } from "../base/index.ts";
import { withPrivateMountNamespace } from "../kernel/index.ts";
import { runtimeMessage } from "./failure.ts";
import type { RuntimeInfo } from "./types.ts";

export const RUNTIME_ENV = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", TZ: "UTC" };

/** Runs `crun --root … <args>` to its end. The private namespace hides a cgroup2 mount that crun stumbles over. */
export async function runRuntime(
  runtime: RuntimeInfo,
  root: string,
  args: readonly string[],
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = withPrivateMountNamespace(() =>
    spawn(runtime.path, ["--root", root, ...args], { env: RUNTIME_ENV, stdio: ["ignore", "pipe", "pipe"] }),
  );
  const exit = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? (signal ? 128 : 1)));
  });
  const [exitCode, stdout, stderr] = await Promise.all([
    exit,
    readAll(child.stdout!, 1024 * 1024),
    readAll(child.stderr!, 1024 * 1024),
  ]);
  return { exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** As `runRuntime`; throws Internal when the runtime says no. */
export async function mustRunRuntime(
  runtime: RuntimeInfo,
  root: string,
  args: readonly string[],
): Promise<string> {
  const { exitCode, stdout, stderr } = await runRuntime(runtime, root, args);
  if (exitCode === 0) return stdout;
  throw new GantryError(
    "Internal",
    `${runtime.name} ${args[0]} failed: ${runtimeMessage(stderr) || `exit code ${exitCode}`}`,
    {
      code: "Runtime.CommandFailed",
      details: { args },
    },
  );
}
