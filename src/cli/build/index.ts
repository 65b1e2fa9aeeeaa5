import { rmSync, writeFileSync } from "node:fs";
import { errorMessage, GantryError, invalidArgument, shortHash, systemClock } from "../../base/index.ts";
import {
  agentSockets,
  askFrontend,
  BuildConnection,
  BuildTrace,
  createProgress,
  detailedWarningsText,
  entitlementsOf,
  failedLogs,
  failureExitCode,
  failureMessage,
  failureSources,
  type PreparedContexts,
  type PreparedOutputs,
  parseCaches,
  parseOutput,
  parseSecret,
  prepareContexts,
  prepareOutputs,
  runBuild,
  type SessionOffers,
  secretReaders,
  warningsText,
  withGateway,
} from "../../build-client/index.ts";
import { DockerClient } from "../../compose/index.ts";
import { engineEndpoint, mayReadInPlace } from "../compose/engine-endpoint.ts";
import { type ParsedFlags, parseFlags } from "../compose/flags.ts";
import { flagLines } from "../compose/help.ts";
import { registryLogin } from "../compose/registry-auth.ts";
import { onStopSignal } from "../compose/signals.ts";
import { Terminal } from "../compose/terminal.ts";
import { attributesOf, callOf, namedContexts, progressModeOf } from "./build-call.ts";
import { BUILD_FLAGS } from "./build-flags.ts";
import { printAnswer } from "./print-answer.ts";
import { readStandardInput } from "./standard-input.ts";

const EXIT_INTERRUPTED = 130;

/** `gantry build`: what `docker build` does. Returns the exit code. */
export async function build(line: readonly string[]): Promise<number> {
  const terminal = new Terminal();
  let call: BuildCall | undefined;
  try {
    const { flags, args } = parseFlags(line, BUILD_FLAGS, true);
    if (flags.has("help")) {
      terminal.print(helpText());
      return 0;
    }
    if (args.length !== 1)
      throw invalidArgument(
        `'gantry build' requires 1 argument\n\nUsage:  gantry build [OPTIONS] PATH | URL | -\n\nRun 'gantry build --help' for more information`,
      );
    call = new BuildCall(flags, args[0]!, terminal);
    return await call.run();
  } catch (error) {
    terminal.info(call?.failureText(error) ?? `ERROR: ${errorMessage(error)}\n`);
    if (!(error instanceof GantryError) && failureExitCode(error) === 1 && process.env.GANTRY_DEBUG)
      terminal.info(`${(error as Error).stack}\n`);
    return failureExitCode(error);
  }
}

class BuildCall {
  readonly #flags: ParsedFlags;
  readonly #context: string;
  readonly #terminal: Terminal;
  readonly #trace = new BuildTrace();
  readonly #abort = new AbortController();
  #dockerfileName = "Dockerfile";
  #isTerminalShown = false;
  #isBuilding = false;

  constructor(flags: ParsedFlags, context: string, terminal: Terminal) {
    this.#flags = flags;
    this.#context = context;
    this.#terminal = terminal;
  }

  failureText(error: unknown): string {
    const isInTerminal = this.#isTerminalShown;
    const prefix = this.#isBuilding ? "failed to build: " : "";
    return `${failedLogs(this.#trace, isInTerminal)}${failureSources(error, this.#dockerfileName)}ERROR: ${prefix}${failureMessage(error)}\n`;
  }

  async run(): Promise<number> {
    const flags = this.#flags;
    const attributes = attributesOf(flags, process.env);
    const frontendCall = callOf(flags);
    const outputs = frontendCall ? { exporters: [], outputs: new Map() } : this.#outputs();
    const caches = {
      cacheImports: parseCaches(flags.list("cache-from")),
      cacheExports: parseCaches(flags.list("cache-to")),
    };
    const secrets = secretReaders(flags.list("secret").map(parseSecret), process.env);
    const agents = agentSockets(flags.list("ssh"), process.env);
    const mode = progressModeOf(flags, process.env, this.#terminal.isTerminal("stderr"));
    const idFile = flags.text("iidfile");
    // One of an earlier build is no answer, should this one fail.
    if (idFile !== "") rmSync(idFile, { force: true });
    this.#isBuilding = true;
    const contexts = await prepareContexts({
      context: this.#context,
      dockerfile: flags.text("file"),
      namedContexts: namedContexts(flags.list("build-context")),
      standardInput: readStandardInput,
      nameOf: (usual) => usual,
    });
    this.#dockerfileName = contexts.dockerfileName;
    const off = this.#listenForSignals();
    const connection = await this.#connect(contexts, outputs, { secrets, agents }).catch((error) => {
      contexts.release();
      throw error;
    });
    const progress = createProgress({
      trace: this.#trace,
      mode,
      write: (text) => this.#terminal.info(text),
      columns: () => this.#terminal.columns,
      rows: () => this.#terminal.rows,
      colors: !process.env.NO_COLOR,
    });
    this.#isTerminalShown = mode === "tty";
    const running = { signal: this.#abort.signal, onEvents: progress.take.bind(progress) };
    try {
      const all = await withGateway({ ...attributes, ...contexts.attributes }, connection);
      if (frontendCall) {
        const caps = [all["frontend.caps"], "moby.buildkit.frontend.subrequests+forward"];
        const asked = {
          ...all,
          requestid: frontendCall.request,
          "frontend.caps": caps.filter(Boolean).join(","),
        };
        const answer = await askFrontend(connection, asked, running);
        progress.end();
        return printAnswer(frontendCall, answer, (text) => this.#terminal.print(text));
      }
      const response = await runBuild(
        connection,
        {
          frontendAttributes: all,
          exporters: outputs.exporters,
          ...caches,
          entitlements: entitlementsOf(flags.list("allow"), flags.text("network")),
          isInternal: false,
        },
        running,
      );
      progress.end();
      this.#tellWarnings(mode);
      this.#tellResult(response, mode, idFile);
      return 0;
    } catch (error) {
      progress.end();
      this.#tellWarnings(mode);
      throw error;
    } finally {
      off();
      connection.close();
      contexts.release();
    }
  }

  #outputs(): PreparedOutputs {
    const flags = this.#flags;
    return prepareOutputs({
      outputs: flags
        .list("output")
        .filter((text) => text !== "")
        .map(parseOutput),
      tags: flags.list("tag"),
      annotations: flags.list("annotation"),
      load: flags.flag("load"),
      push: flags.flag("push"),
      standardOutput: this.#terminal.isTerminal("stdout") ? undefined : () => process.stdout,
    });
  }

  #connect(
    { directories, uploads }: PreparedContexts,
    { outputs }: PreparedOutputs,
    given: Pick<SessionOffers, "secrets" | "agents">,
  ): Promise<BuildConnection> {
    const endpoint = engineEndpoint(this.#flags.text("home"));
    return BuildConnection.open({
      client: new DockerClient(endpoint),
      offers: {
        ...{ directories, uploads, outputs, ...given },
        readsInPlace: mayReadInPlace(endpoint),
        credentials: registryLogin,
      },
      sharedKey: shortHash(JSON.stringify([...directories.values()].map(({ path }) => path)), 32),
      clock: systemClock,
    });
  }

  /** The first one ends the build, the second one everything. */
  #listenForSignals(): () => void {
    return onStopSignal(() => {
      if (this.#abort.signal.aborted) process.exit(EXIT_INTERRUPTED);
      this.#abort.abort();
    });
  }

  #tellWarnings(mode: string): void {
    if (mode !== "tty" && mode !== "plain") return;
    const { warnings } = this.#trace;
    const text = this.#flags.flag("debug")
      ? detailedWarningsText(warnings)
      : warningsText(warnings, mode === "tty" && !process.env.NO_COLOR);
    this.#terminal.info(text);
  }

  #tellResult(response: Readonly<Record<string, string>>, mode: string, idFile: string): void {
    const flags = this.#flags;
    const imageId = response["containerimage.config.digest"] ?? response["containerimage.digest"] ?? "";
    if (mode === "quiet" && (flags.flag("quiet") || flags.text("progress") === "quiet"))
      this.#terminal.print(`${imageId}\n`);
    if (idFile !== "") writeFileSync(idFile, imageId);
    const metadataFile = flags.text("metadata-file");
    if (metadataFile !== "") writeFileSync(metadataFile, metadataText(response));
  }
}

/** Documents among the answers stand there as such, not as text of base64 (buildx, decodeExporterResponse). */
function metadataText(response: Readonly<Record<string, string>>): string {
  const entries = Object.entries(response).map(([key, value]) => [key, documentOf(value) ?? value]);
  return JSON.stringify(Object.fromEntries(entries.sort()), null, 2);
}

function documentOf(text: string): object | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function helpText(): string {
  return [
    "Usage:  gantry build [OPTIONS] PATH | URL | -",
    "",
    "Start a build",
    "",
    "Options:",
    ...flagLines(BUILD_FLAGS),
    "",
  ].join("\n");
}
