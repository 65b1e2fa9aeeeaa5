import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GantryError, type LogLevel, systemClock } from "../base/index.ts";
import type { OptionSpecs } from "./arguments.ts";
import { callControl, type PlatformStatus } from "./control-client.ts";
import { makeHome } from "./home.ts";
import { logToStandardError, tell } from "./log-output.ts";
import type { PlatformOptions, PlatformRunner } from "./platform-runner.ts";
import { summaryText } from "./summary.ts";

const WAIT_MS = 60_000;

/** Options of every verb that starts a platform. */
export const START_OPTIONS: OptionSpecs = {
  home: { type: "string" },
  detach: { type: "boolean", short: "d" },
  wait: { type: "boolean" },
  "registry-port": { type: "string" },
  "node-name": { type: "string" },
  "node-ip": { type: "string" },
  "nodeport-addresses": { type: "string" },
  "log-level": { type: "string" },
};

export const PORTS = { min: 0, max: 65_535 };

/** Throws InvalidArgument for what is no level. */
export function logLevel(text: string | undefined, usage: string): LogLevel {
  if (text === undefined) return "info";
  if (text === "debug" || text === "info" || text === "warn" || text === "error") return text;
  throw new GantryError("InvalidArgument", `--log-level takes debug, info, warn or error, not "${text}"`, {
    hint: `usage: ${usage}`,
  });
}

export interface Start {
  /** The verb and its arguments as a process of its own takes them, but for `--detach` and `--wait`. */
  command: readonly string[];
  /** More of its environment: what nobody else is to see on its command line. */
  env?: NodeJS.ProcessEnv;
  options: PlatformOptions;
  detached: boolean;
  /** Of a detached one: until the node is Ready. */
  untilReady: boolean;
}

/** Starts a platform: in the foreground, or as a process of its own. */
export function start(how: Start, run: PlatformRunner): Promise<number> {
  return how.detached ? detach(how) : foreground(how.options, run);
}

async function foreground(options: PlatformOptions, run: PlatformRunner): Promise<number> {
  const controller = new AbortController();
  let signals = 0;
  const stop = () => {
    if (++signals > 1) process.exit(130);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  const log = logToStandardError();
  await run(options, {
    signal: controller.signal,
    onReady: (status) => tell(summaryText(status)),
    log: (line) => log.line(line),
  });
  return 0;
}

/** Starts this program again without a terminal; returns when it answers, or when its node is Ready. */
async function detach({ command, env = {}, options, untilReady }: Start): Promise<number> {
  const { home } = options;
  const running = await callControl<PlatformStatus>(home, "GET", "/status");
  if (running) throw alreadyRunning(home, running.pid);
  // Before anything is written there: a link in it may lead anywhere.
  makeHome(home);
  const logs = join(home, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const logFile = join(logs, "gantry.log");
  const log = openSync(logFile, "a", 0o600);
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...command], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: { ...process.env, ...env },
  });
  let exitCode: number | undefined;
  child.on("exit", (code) => {
    exitCode = code ?? 1;
  });
  child.unref();
  const startedAtMs = systemClock.monotonicMs();
  for (;;) {
    const status = await callControl<PlatformStatus>(home, "GET", "/status");
    if (status && status.pid === child.pid && (status.state === "ready" || !untilReady)) {
      process.stdout.write(summaryText(status));
      return 0;
    }
    if (exitCode !== undefined) {
      process.stderr.write(`${lastLines(logFile)}\n`);
      return exitCode || 1;
    }
    if (systemClock.monotonicMs() - startedAtMs > WAIT_MS) {
      throw new GantryError("DeadlineExceeded", `the platform was not ready after ${WAIT_MS / 1000} s`, {
        hint: `see ${logFile}`,
      });
    }
    await systemClock.sleep(10);
  }
}

function lastLines(file: string): string {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const reason = lines.findLast((line) => line.startsWith("gantry: "));
  return reason ?? lines.slice(-5).join("\n");
}

export function alreadyRunning(home: string, pid: number): GantryError {
  return new GantryError("AlreadyExists", `a platform already runs on ${home} (process ${pid})`, {
    code: "Platform.AlreadyRunning",
    hint: "use 'gantry status' to look at it, 'gantry down' to stop it, or another --home to start a second one beside it",
  });
}
