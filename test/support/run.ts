import { type SpawnOptions, spawn } from "node:child_process";

export interface RunResult {
  stdout: string;
  stderr: string;
  code: number;
  ms: number;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  input?: string | Uint8Array;
  cwd?: string;
  /** Of what it prints: UTF-8 when absent. */
  encoding?: BufferEncoding;
  timeoutMs?: number;
}

/** Runs a program to its end; never throws for an exit code. Killed after the time-out (60 s), which shows as code 124. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const spawnOptions: SpawnOptions = { env: options.env ?? process.env, stdio: ["pipe", "pipe", "pipe"] };
    if (options.cwd) spawnOptions.cwd = options.cwd;
    const child = spawn(command, args, spawnOptions);
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.timeoutMs ?? 60_000);
    child.stdout!.setEncoding(options.encoding ?? "utf8").on("data", (text: string) => (stdout += text));
    child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({
        stdout,
        stderr,
        code: timedOut ? 124 : (code ?? (signal ? 128 : 1)),
        ms: performance.now() - startedAt,
      });
    });
    child.stdin!.on("error", () => {});
    child.stdin!.end(options.input ?? "");
  });
}

/** As `run`, but anything other than exit code 0 throws with everything that was printed. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const result = await run(command, args, options);
  if (result.code !== 0) {
    throw new Error(
      `${command} ${args.join(" ")} exited with ${result.code}\n${result.stdout}${result.stderr}`,
    );
  }
  return result;
}
