import { diskError, errorMessage, GantryError } from "../base/index.ts";
import { AGENT_USAGE, agent } from "./agent.ts";
import { BUILD_USAGE } from "./build/usage.ts";
import { NODE_USAGE, TOKEN_USAGE } from "./cluster/usage.ts";
import { COMPOSE_USAGE } from "./compose/usage.ts";
import { DOCTOR_USAGE, doctor, type PlatformDoctor } from "./doctor.ts";
import { DOWN_USAGE, down } from "./down.ts";
import type { PlatformResetter, PlatformRunner } from "./platform-runner.ts";
import { RESET_USAGE, reset } from "./reset.ts";
import { alreadyRunning } from "./start.ts";
import { STATUS_USAGE, status } from "./status.ts";
import { STORE_USAGE } from "./store/usage.ts";
import { SERVER_USAGE, server, UP_USAGE, up, upHelp } from "./up.ts";
import { VERSION_USAGE, version } from "./version.ts";

export type { Component } from "./components.ts";
export {
  type ControlFailure,
  callControl,
  controlFailure,
  controlSocket,
  type PlatformStatus,
} from "./control-client.ts";
export type { Finding, PlatformDoctor } from "./doctor.ts";
export { makeHome } from "./home.ts";
export { caHashOf, formatJoinToken, type JoinToken, parseJoinToken } from "./join-token.ts";
export type { NetworkBackend } from "./network-backend.ts";
export type {
  PlatformHooks,
  PlatformOptions,
  PlatformResetter,
  PlatformRunner,
  ResetResult,
} from "./platform-runner.ts";
export { KUBERNETES_VERSION, VERSION } from "./versions.ts";
export { alreadyRunning };

export interface CommandLine {
  runPlatform: PlatformRunner;
  resetPlatform: PlatformResetter;
  examinePlatform: PlatformDoctor;
}

const HELP = `Gantry builds, stores, runs and orchestrates containers in one program.

  ${UP_USAGE}
  ${SERVER_USAGE}
  ${AGENT_USAGE}
  ${STATUS_USAGE}
  ${DOCTOR_USAGE}
  ${DOWN_USAGE}
  ${RESET_USAGE}
  ${TOKEN_USAGE}
  ${NODE_USAGE}
  ${STORE_USAGE}
  ${BUILD_USAGE}
  ${COMPOSE_USAGE}
  ${VERSION_USAGE}

The home is --home, $GANTRY_HOME, or /var/lib/gantry.
`;

/** Runs one command line; returns the exit code (2 for a wrong call, 1 for a failure). */
export async function runCommandLine(args: readonly string[], commands: CommandLine): Promise<number> {
  const [verb, ...rest] = args;
  const verbs: Record<string, () => Promise<number>> = {
    up: () => up(rest, commands.runPlatform),
    server: () => server(rest, commands.runPlatform),
    agent: () => agent(rest, commands.runPlatform),
    status: () => status(rest),
    doctor: () => doctor(rest, commands.examinePlatform),
    down: () => down(rest),
    reset: () => reset(rest, commands.resetPlatform),
    // The store's libraries take a while to load: only who asks for them waits.
    store: async () => (await import("./store/index.ts")).store(rest),
    token: async () => (await import("./cluster/token.ts")).token(rest),
    node: async () => (await import("./cluster/node.ts")).node(rest),
    build: async () => (await import("./build/index.ts")).build(rest),
    compose: async () => (await import("./compose/index.ts")).compose(rest),
    version: () => version(rest),
  };
  if (verb === undefined || verb === "help" || verb === "--help" || verb === "-h") {
    process.stdout.write(HELP);
    return verb === undefined ? 2 : 0;
  }
  if (verb === "--version") return version([]);
  if (!Object.hasOwn(verbs, verb)) {
    process.stderr.write(`gantry: unknown command "${verb}"; 'gantry help' lists them\n`);
    return 2;
  }
  // Its commands have pages of their own.
  if (verb !== "compose" && verb !== "build" && (rest.includes("--help") || rest.includes("-h"))) {
    process.stdout.write(verb === "up" || verb === "server" ? `${HELP}\n${await upHelp()}` : HELP);
    return 0;
  }
  try {
    return await verbs[verb]!();
  } catch (error) {
    process.stderr.write(`${failureText(error)}\n`);
    return error instanceof GantryError && error.code === "Cli.Usage"
      ? 2
      : error instanceof GantryError && error.code === "Platform.NotRunning"
        ? 3
        : 1;
  }
}

/** One sentence on what is wrong and one on what to do; a stack only for what should never happen. */
function failureText(thrown: unknown): string {
  const error = diskError(thrown) ?? thrown;
  if (!(error instanceof GantryError))
    return `gantry: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
  const cause =
    error.kind === "Internal" && error.cause instanceof Error
      ? `\n${error.cause.stack ?? errorMessage(error.cause)}`
      : "";
  return `gantry: ${error.message}${error.hint ? ` - ${error.hint}` : ""}${cause}`;
}
