import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe } from "vitest";
import type { TestServer } from "./start-test-server.ts";

export interface KubectlResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Kubectl {
  run(args: string, input?: string): Promise<KubectlResult>;
  /** With arguments that have spaces in them. */
  runArgs(args: readonly string[], input?: string): Promise<KubectlResult>;
  start(args: readonly string[]): ReturnType<typeof spawn>;
  close(): Promise<void>;
}

/** Path of the real kubectl of a version, where it is installed. */
export function kubectlPath(version: string): string | undefined {
  if (!existsSync("/usr/bin/kubectl")) return undefined;
  const path = join(dirname(realpathSync("/usr/bin/kubectl")), `kubectl.${version}`);
  return existsSync(path) ? path : undefined;
}

/** Tests with the oldest and the newest kubectl that is supported; shown as skipped where one is not installed. */
export function describeKubectl(what: string, suite: (version: string) => void): void {
  for (const version of ["1.27", "1.33"])
    describe.skipIf(!kubectlPath(version))(`kubectl ${version}${what}`, () => suite(version));
}

/** kubectl of a version as administrator of the server, with a home of its own. */
export async function openKubectl(version: string, server: TestServer): Promise<Kubectl> {
  const home = await mkdtemp(join(tmpdir(), "gantry-kubectl-"));
  const kubeconfig = join(home, "kubeconfig");
  await writeFile(kubeconfig, await server.kubeconfig());
  const start = (args: readonly string[]) =>
    spawn(kubectlPath(version)!, [...args], {
      env: { HOME: home, KUBECONFIG: kubeconfig, PATH: process.env.PATH },
    });
  const runArgs = (args: readonly string[], input?: string) =>
    new Promise<KubectlResult>((resolve) => {
      const child = start(args);
      const result: KubectlResult = { code: null, stdout: "", stderr: "" };
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        result.stdout += text;
      });
      child.stderr!.setEncoding("utf8").on("data", (text: string) => {
        result.stderr += text;
      });
      child.stdin!.on("error", () => {});
      child.stdin!.end(input);
      child.on("close", (code) => resolve({ ...result, code }));
    });
  return {
    start,
    runArgs,
    run: (args, input) => runArgs(args.split(" "), input),
    close: () => rm(home, { recursive: true, force: true }),
  };
}
