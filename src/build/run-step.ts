import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { GantryError, newHexId, notImplemented } from "../base/index.ts";
import { heredocText, type InstructionOf, shortId } from "../formats/index.ts";
import { buildCanceled } from "./build-canceled.ts";
import { shellOf } from "./image-config.ts";
import { requiresBuildKit } from "./requires-buildkit.ts";
import type { StageBuilder } from "./stage-builder.ts";
import type { RunOutcome, RunRequest } from "./types.ts";

/** Where a here-document that is a script of its own (`#!`) is found by the step; below /dev no layer keeps a trace. */
const SCRIPT_PATH = "/dev/build-script";

interface Command {
  argv: string[];
  /** Content of the script to bind in. */
  script?: string;
}

/** RUN: runs the command in a container over the image so far; what it wrote becomes a layer. */
export async function runRunStep(stage: StageBuilder, instruction: InstructionOf<"RUN">): Promise<void> {
  refuseUnsupported(instruction);
  const command = commandOf(stage, instruction);
  const env = stage.config.Env ?? [];
  const args = stage.args.effective(env);
  const proxies = stage.args.predefined(env);
  const shown = command.script === undefined ? command.argv : [instruction.command.argv[0]!];
  await stage.commit({
    key: stage.key("RUN", command, args, instruction.network),
    config: stage.config,
    // Proxies are not told, but that there were arguments is (moby builder/dockerfile/dispatchers.go, prependEnvOnCmd).
    createdBy: [...(args.length + proxies.length > 0 ? [`|${args.length}`, ...args] : []), ...shown].join(
      " ",
    ),
    layer: async () => {
      if (!stage.image) await stage.commitMetadata("FROM", stage.config, "FROM scratch");
      return runContainer(stage, instruction, command, [...env, ...args, ...proxies]);
    },
  });
}

function refuseUnsupported(instruction: InstructionOf<"RUN">): void {
  const [mount] = instruction.mounts;
  if (mount !== undefined) {
    const type = /(?:^|,)type=([^,]*)/i.exec(mount)?.[1] ?? "bind";
    throw notImplemented(`RUN --mount=type=${type} is not supported (line ${instruction.line})`, {
      code: "Build.Mount",
    });
  }
  if (instruction.devices.length > 0) throw requiresBuildKit("device");
  if (!["", "sandbox"].includes(instruction.security)) {
    throw notImplemented(
      `RUN --security=${instruction.security} is not supported (line ${instruction.line})`,
      {
        code: "Build.Security",
      },
    );
  }
}

/** The words to run. A lone here-document is the shell's script itself, or a program if it begins with `#!`. */
function commandOf(stage: StageBuilder, { command }: InstructionOf<"RUN">): Command {
  if (command.form === "exec") return { argv: command.argv };
  const shell = shellOf(stage.config);
  const text = command.argv[0] ?? "";
  const [heredoc] = command.heredocs;
  if (!heredoc) return { argv: [...shell, ...command.argv] };
  const isAlone = command.heredocs.length === 1 && /^\d*<<-?\s*\S+$/.test(text.trim());
  if (!isAlone) {
    const bodies = command.heredocs.map((one) => `${one.content}${one.name}`);
    return { argv: [...shell, [text, ...bodies].join("\n")] };
  }
  const content = heredocText(heredoc);
  return content.startsWith("#!") ? { argv: [SCRIPT_PATH], script: content } : { argv: [...shell, content] };
}

async function runContainer(
  stage: StageBuilder,
  instruction: InstructionOf<"RUN">,
  command: Command,
  env: readonly string[],
) {
  const { scope } = stage;
  const script = command.script === undefined ? undefined : await writeScript(stage, command.script);
  try {
    const outcome = await execute(stage, {
      base: stage.image!.id,
      argv: command.argv,
      env,
      workingDir: stage.config.WorkingDir ?? "",
      user: stage.config.User ?? "",
      volumes: stage.config.Volumes,
      networkMode: networkMode(instruction.network) ?? scope.request.networkMode,
      extraHosts: scope.request.extraHosts,
      limits: scope.request.limits,
      ...(script ? { mounts: [{ source: script, target: SCRIPT_PATH, readOnly: true }] } : {}),
    });
    if (scope.signal.aborted) {
      await outcome.dispose();
      await scope.workspace.unmark(`container.${outcome.containerId}`);
      throw buildCanceled(scope.signal);
    }
    if (outcome.exitCode !== 0) await failStep(stage, command.argv, outcome);
    return { snapshotKey: outcome.snapshotKey, dispose: () => finish(stage, outcome) };
  } finally {
    if (script) await rm(script, { force: true });
  }
}

type ContainerRequest = Omit<RunRequest, "containerId" | "onCreated" | "output" | "signal">;

async function execute(stage: StageBuilder, request: ContainerRequest): Promise<RunOutcome> {
  const { scope, output } = stage;
  const decoders = { stdout: new StringDecoder("utf8"), stderr: new StringDecoder("utf8") };
  const tell = { stdout: output.text, stderr: output.errorText ?? output.text };
  const containerId = newHexId();
  const marker = `container.${containerId}`;
  await scope.workspace.mark(marker);
  try {
    return await scope.executor.run({
      ...request,
      containerId,
      signal: scope.signal,
      onCreated: () => {
        output.text(` ---> Running in ${shortId(containerId)}\n`);
      },
      output: (stream, chunk) => {
        const text = decoders[stream].write(chunk);
        if (text !== "") tell[stream](text);
        return output.drained?.();
      },
    });
  } catch (error) {
    await scope.workspace.cleanUp(marker);
    throw error;
  }
}

async function finish(stage: StageBuilder, outcome: RunOutcome): Promise<void> {
  if (stage.scope.request.removeContainers !== false) {
    await outcome.dispose();
    stage.output.text(` ---> Removed intermediate container ${shortId(outcome.containerId)}\n`);
  }
  await stage.scope.workspace.unmark(`container.${outcome.containerId}`);
}

/** The container of a failed step stays for a look at it, unless the client wants it gone. */
async function failStep(stage: StageBuilder, argv: readonly string[], outcome: RunOutcome): Promise<never> {
  if (stage.scope.request.forceRemoveContainers) await finish(stage, outcome);
  await stage.scope.workspace.unmark(`container.${outcome.containerId}`);
  throw new GantryError(
    "InvalidArgument",
    `The command '${argv.join(" ")}' returned a non-zero code: ${outcome.exitCode}`,
    { code: "Build.StepFailed", details: { exitCode: outcome.exitCode, containerId: outcome.containerId } },
  );
}

function networkMode(flag: string): string | undefined {
  return flag === "none" || flag === "host" ? flag : undefined;
}

async function writeScript(stage: StageBuilder, content: string): Promise<string> {
  const path = join(stage.scope.workspace.contextsDir, `script-${newHexId().slice(0, 16)}`);
  await writeFile(path, content, { flag: "wx", mode: 0o755 });
  return path;
}
