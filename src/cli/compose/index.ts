import { errorMessage, GantryError } from "../../base/index.ts";
import { attach } from "./attach.ts";
import { build } from "./build.ts";
import { commit } from "./commit.ts";
import { ComposeCall } from "./compose-call.ts";
import { config } from "./config.ts";
import { convert } from "./convert.ts";
import { cp } from "./cp.ts";
import { create } from "./create.ts";
import { down } from "./down.ts";
import { events } from "./events.ts";
import { exec } from "./exec.ts";
import { exportContainer } from "./export.ts";
import { type Flags, parseFlags, usage } from "./flags.ts";
import { composeHelp, verbHelp } from "./help.ts";
import { images } from "./images.ts";
import { kill } from "./kill.ts";
import { logs } from "./logs.ts";
import { ls } from "./ls.ts";
import { pause, unpause } from "./pause.ts";
import { port } from "./port.ts";
import { ps } from "./ps.ts";
import { pull } from "./pull.ts";
import { push } from "./push.ts";
import { restart } from "./restart.ts";
import { rm } from "./rm.ts";
import { run } from "./run.ts";
import { scale } from "./scale.ts";
import { start } from "./start.ts";
import { stats } from "./stats.ts";
import { stop } from "./stop.ts";
import { Terminal } from "./terminal.ts";
import { top } from "./top.ts";
import { up } from "./up.ts";
import type { Verb } from "./verb.ts";
import { version } from "./version.ts";
import { volumes } from "./volumes.ts";
import { wait } from "./wait.ts";
import { watch } from "./watch.ts";

const VERBS: Readonly<Record<string, Verb>> = {
  attach,
  build,
  commit,
  config,
  convert,
  cp,
  create,
  down,
  events,
  exec,
  export: exportContainer,
  images,
  kill,
  logs,
  ls,
  pause,
  port,
  ps,
  pull,
  push,
  restart,
  rm,
  run,
  scale,
  start,
  stats,
  stop,
  top,
  unpause,
  up,
  version,
  volumes,
  wait,
  watch,
};

/** Options before the command, for all of them. */
const GLOBALS: Flags = {
  "all-resources": { type: "flag", help: "Include all resources, even those not used by services" },
  ansi: {
    type: "text",
    default: "auto",
    help: 'Control when to print ANSI control characters ("never"|"always"|"auto")',
  },
  compatibility: { type: "flag", help: "Run compose in backward compatibility mode" },
  "env-file": { type: "list", help: "Specify an alternate environment file" },
  file: { short: "f", type: "list", help: "Compose configuration files" },
  home: {
    type: "text",
    help: "Home of the Gantry whose engine is used (default $GANTRY_HOME or /var/lib/gantry)",
  },
  parallel: { type: "number", default: -1, help: "Control max parallelism, -1 for unlimited" },
  profile: { type: "list", help: "Specify a profile to enable" },
  progress: { type: "text", help: "Set type of progress output (auto, tty, plain, json, quiet)" },
  "project-directory": {
    type: "text",
    help: "Specify an alternate working directory (default: the path of the, first specified, Compose file)",
  },
  "project-name": { short: "p", type: "text", help: "Project name" },
};

/** `gantry compose …`: what the plugin `docker compose` does. Returns the exit code. */
export async function compose(line: readonly string[]): Promise<number> {
  const terminal = new Terminal();
  try {
    return await dispatch(line, terminal);
  } catch (error) {
    const code = error instanceof ExitCode ? error.exitCode : 1;
    const message = errorMessage(error);
    if (message !== "") terminal.info(`${isExpected(error) ? message : stackOf(error)}\n`);
    return code;
  }
}

/** Ends the command with a code of its own. */
export class ExitCode extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message = "") {
    super(message);
    this.exitCode = exitCode;
  }
}

const isExpected = (error: unknown) => error instanceof GantryError || error instanceof ExitCode;
const stackOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));

async function dispatch(line: readonly string[], terminal: Terminal): Promise<number> {
  const globals = parseFlags(line, GLOBALS, false);
  const [name, ...rest] = globals.args;
  if (name === undefined || globals.flags.has("help") || name === "help") {
    const [topic] = rest;
    terminal.print(
      topic !== undefined && Object.hasOwn(VERBS, topic)
        ? verbHelp(topic, VERBS[topic]!)
        : composeHelp(GLOBALS, VERBS),
    );
    return 0;
  }
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  if (!verb) {
    terminal.print(composeHelp(GLOBALS, VERBS));
    throw new ExitCode(1, `unknown gantry command: ${JSON.stringify(`compose ${name}`)}`);
  }
  const parsed = parseFlags(rest, verb.flags ?? {}, verb.interspersed ?? true);
  if (parsed.flags.has("help")) {
    terminal.print(verbHelp(name, verb));
    return 0;
  }
  checkArgs(name, verb, parsed.args);
  return verb.run(new ComposeCall(globals.flags, parsed.flags, parsed.args, terminal));
}

function checkArgs(name: string, { args = {} }: Verb, given: readonly string[]): void {
  const { min = 0, max = Number.POSITIVE_INFINITY } = args;
  const count = given.length;
  if (count < min) throw usage(`requires at least ${min} arg(s), only received ${count}`);
  if (count <= max) return;
  if (max === 0) throw usage(`unknown command ${JSON.stringify(given[0])} for "gantry compose ${name}"`);
  throw usage(`accepts at most ${max} arg(s), received ${count}`);
}
