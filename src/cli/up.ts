import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { GantryError, systemClock } from "../base/index.ts";
import { type OptionSpecs, parseArguments } from "./arguments.ts";
import { COMPONENTS, type Component, parseComponents } from "./components.ts";
import { callControl, type PlatformStatus } from "./control-client.ts";
import { homeDirectory, makeHome } from "./home.ts";
import { logToStandardError, tell } from "./log-output.ts";
import type { PlatformOptions, PlatformRunner } from "./platform-runner.ts";
import { summaryText } from "./summary.ts";

export const UP_USAGE =
  "gantry up [--home DIR] [--detach] [--wait] [--api-port N] [--registry-port N] [--store etcd://HOST:PORT[,…]] [--node-name NAME] [--components LIST] [--log-level LEVEL] [--config FILE] [flags of kube-apiserver and kube-controller-manager, see 'gantry up --help']";
const PORTS = { min: 0, max: 65_535 };
const WAIT_MS = 60_000;
const OPTIONS: OptionSpecs = {
  home: { type: "string" },
  detach: { type: "boolean", short: "d" },
  wait: { type: "boolean" },
  "api-port": { type: "string" },
  "registry-port": { type: "string" },
  "node-name": { type: "string" },
  store: { type: "string" },
  components: { type: "string" },
  "log-level": { type: "string" },
  config: { type: "string" },
};

/** Starts the platform: in the foreground, or with --detach as a process of its own. */
export async function up(args: readonly string[], run: PlatformRunner): Promise<number> {
  const { own, programFlags } = await withoutProgramFlags(args);
  const parsed = parseArguments(own, OPTIONS, UP_USAGE);
  const configFile = parsed.text("config");
  const options: PlatformOptions = {
    home: homeDirectory(parsed.text("home")),
    apiPort: parsed.integer("api-port", PORTS),
    registryPort: parsed.integer("registry-port", PORTS),
    nodeName: parsed.text("node-name"),
    store: parsed.text("store"),
    components: components(parsed.text("components")),
    logLevel: logLevel(parsed.text("log-level")),
    programFlags,
    configFile: configFile === undefined ? undefined : resolve(configFile),
  };
  return parsed.flag("detach") ? detach(options, own, parsed.flag("wait")) : foreground(options, run);
}

/** Only who gives flags of upstream's programs waits until their tables are loaded. A flag of both is the API server's. */
async function withoutProgramFlags(
  args: readonly string[],
): Promise<{ own: readonly string[]; programFlags: PlatformOptions["programFlags"] }> {
  const isOwn = (arg: string) =>
    !arg.startsWith("--") || Object.hasOwn(OPTIONS, arg.slice(2).split("=", 1)[0]!);
  if (args.every(isOwn)) return { own: args, programFlags: { apiServer: {}, controllerManager: {} } };
  const { apiServer, controllerManager } = await flagTables();
  const ofServer = apiServer.take(args);
  const ofManager = controllerManager.take(ofServer.rest);
  const from = process.cwd();
  return {
    own: ofManager.rest,
    programFlags: {
      apiServer: apiServer.withAbsolutePaths(ofServer.given, from),
      controllerManager: controllerManager.withAbsolutePaths(ofManager.given, from),
    },
  };
}

async function flagTables() {
  const [{ API_SERVER_FLAGS: apiServer }, { CONTROLLER_MANAGER_FLAGS: controllerManager }] =
    await Promise.all([import("../kube/apiserver/index.ts"), import("../kube/controllers/index.ts")]);
  return { apiServer, controllerManager };
}

/** The lines that `--help` has beside the usage. */
export async function upHelp(): Promise<string> {
  const { apiServer, controllerManager } = await flagTables();
  const of = (program: string, field: string, help: string) =>
    `Flags of ${program}; they may also stand in the file of --config, or in config.yaml of the home, under ${field}:\n\n${help}`;
  return [
    of("kube-apiserver", "apiServer", apiServer.help()),
    of("kube-controller-manager", "controllerManager", controllerManager.help()),
  ].join("\n");
}

function components(text: string | undefined): readonly Component[] {
  return text === undefined ? COMPONENTS : parseComponents(text);
}

function logLevel(text: string | undefined): PlatformOptions["logLevel"] {
  if (text === undefined) return "info";
  if (text === "debug" || text === "info" || text === "warn" || text === "error") return text;
  throw new GantryError("InvalidArgument", `--log-level takes debug, info, warn or error, not "${text}"`, {
    hint: `usage: ${UP_USAGE}`,
  });
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

/** Starts this program again without a terminal; returns when it answers, with --wait when the node is Ready. */
async function detach(
  options: PlatformOptions,
  args: readonly string[],
  untilReady: boolean,
): Promise<number> {
  const running = await callControl<PlatformStatus>(options.home, "GET", "/status");
  if (running) throw alreadyRunning(options.home, running.pid);
  // Before anything is written there: a link in it may lead anywhere.
  makeHome(options.home);
  const logs = join(options.home, "logs");
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const logFile = join(logs, "gantry.log");
  const log = openSync(logFile, "a", 0o600);
  const rest = args.filter((arg) => !["--detach", "-d", "--wait"].includes(arg));
  // The child works from elsewhere: paths are absolute there.
  const config = options.configFile === undefined ? [] : [`--config=${options.configFile}`];
  const flags = Object.values(options.programFlags)
    .flatMap((given) => Object.entries(given))
    .flatMap(([name, values]) => values.map((value) => `--${name}=${value}`));
  const command = [process.argv[1]!, "up", ...rest, ...config, ...flags];
  const child = spawn(process.execPath, [...process.execArgv, ...command], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
    env: process.env,
  });
  let exitCode: number | undefined;
  child.on("exit", (code) => {
    exitCode = code ?? 1;
  });
  child.unref();
  const startedAtMs = systemClock.monotonicMs();
  for (;;) {
    const status = await callControl<PlatformStatus>(options.home, "GET", "/status");
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
