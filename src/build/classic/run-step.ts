import { GantryError, isGantryError, notImplemented } from "../../base/index.ts";
import { heredocText, type InstructionOf } from "../../formats/index.ts";
import { shellOf } from "../image-config.ts";
import type { LlbOutput } from "../llb/index.ts";
import type { RunOutcome } from "../types.ts";
import { requiresBuildKit } from "./requires-buildkit.ts";
import type { StageBuilder, StepLayer } from "./stage-builder.ts";
import { stays, stepContainer } from "./step-container.ts";

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
      return runCommand(stage, instruction, command, [...env, ...args, ...proxies]);
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

async function runCommand(
  stage: StageBuilder,
  instruction: InstructionOf<"RUN">,
  { argv, script }: Command,
  env: readonly string[],
): Promise<StepLayer> {
  const { job, image } = stage;
  const inputs: LlbOutput[] = [job.image(image)];
  const mounts: object[] = [{ input: 0, dest: "/", output: 0 }];
  if (script !== undefined) {
    inputs.push(scriptFile(stage, script));
    mounts.push({ input: 1, selector: "/script", dest: SCRIPT_PATH, output: -1, readonly: true });
  }
  const meta = {
    args: argv,
    env: [...env],
    cwd: stage.config.WorkingDir || "/",
    user: stage.config.User ?? "",
  };
  let ended: RunOutcome | undefined;
  const container = stepContainer(stage, {
    networkMode: networkMode(instruction.network),
    onEnded: (outcome) => {
      ended = outcome;
    },
  });
  try {
    const diffId = await job.layerOn(image, job.add({ inputs, exec: { meta, mounts } }), container);
    return { diffId, ...(stays(stage, ended!) ? { snapshotKey: ended!.snapshotKey } : {}) };
  } catch (error) {
    throw isGantryError(error) && error.code === "Build.StepFailed" && ended
      ? stepFailed(argv, ended)
      : error;
  }
}

function scriptFile({ job }: StageBuilder, content: string): LlbOutput {
  const mkfile = { path: "/script", mode: 0o755, data: Buffer.from(content), timestamp: -1 };
  return job.add({ file: { actions: [{ input: -1, secondaryInput: -1, output: 0, mkfile }] } });
}

function stepFailed(argv: readonly string[], { exitCode, containerId }: RunOutcome): GantryError {
  return new GantryError(
    "InvalidArgument",
    `The command '${argv.join(" ")}' returned a non-zero code: ${exitCode}`,
    { code: "Build.StepFailed", details: { exitCode, containerId } },
  );
}

function networkMode(flag: string): string | undefined {
  return flag === "none" || flag === "host" ? flag : undefined;
}
