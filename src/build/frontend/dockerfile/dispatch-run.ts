import { posix } from "node:path";
import { heredocText, type InstructionOf, parseHeredocMarker } from "../../../formats/index.ts";
import { messages, type OutgoingMetadata, type OutgoingOp } from "../../llb/index.ts";
import { platformOf } from "./conversion.ts";
import { inlineFileNode, numbersOf } from "./file-nodes.ts";
import { InputList, type OperationNode } from "./graph.ts";
import { addHistory, withShell } from "./image-config.ts";
import { type MountPlan, type RunMounts, runMounts, sortMounts } from "./run-mounts.ts";
import { platformMessage } from "./source-ops.ts";
import type { Step } from "./step.ts";
import { nextVertexName, shownCommand } from "./vertex-name.ts";

const { NetworkMode, SecurityMode, MountType } = messages;

/** Where a here-document that is a program of its own is found. */
const SCRIPT_DIRECTORY = "/dev/pipes/";

interface Command {
  words: string[];
  /** What the progress shows behind the instruction. */
  remark: string;
  script?: MountPlan;
}

/** RUN: an operation that runs a command; its root is what the stage goes on from. */
export function dispatchRun(step: Step, instruction: InstructionOf<"RUN">): void {
  const { conversion, stage, command } = step;
  const mounts = runMounts(step, instruction);
  // A command may look at every file.
  stage.paths.add("/");
  const { words, remark, script } = commandOf(step, instruction);
  const shownEnv = new Map([
    ...stage.env,
    ...mounts.secretNames.map((name): [string, string] => [name, "****"]),
  ]);
  const shown = shownCommand(`${instruction.original}${remark}`, shownEnv, {
    escape: conversion.escapeChar,
    rawQuotes: true,
    keepUnset: true,
  });
  const name = nextVertexName(conversion, stage, shown, { env: stage.env, isOnBuild: command.isOnBuild });
  const variables = shownArguments(step);
  const trees = [...mounts.trees, ...(script ? [script] : [])];
  stage.node = execNode(step, instruction, { name, words, mounts: { ...mounts, trees } });
  addHistory(stage.image, `RUN ${[...variables, ...words].join(" ")} # buildkit`, {
    hasLayer: true,
    epochSeconds: conversion.epochSeconds,
  });
}

function commandOf({ stage }: Step, { command }: InstructionOf<"RUN">): Command {
  if (command.form === "exec") return { words: command.argv, remark: "" };
  const text = command.argv[0] ?? "";
  const [heredoc] = command.heredocs;
  if (!heredoc) return { words: withShell(stage.image, command.argv), remark: "" };
  if (!parseHeredocMarker(text)) {
    const bodies = command.heredocs.map(({ content, name }) => `\n${content}${name}`);
    return { words: withShell(stage.image, [text + bodies.join("")]), remark: "" };
  }
  const content = heredocText(heredoc);
  const remark = ` (${summaryOf(heredoc.content)})`;
  if (!content.startsWith("#!")) return { words: withShell(stage.image, [content]), remark };
  const script = {
    node: inlineFileNode(heredoc.name, content, 0o755),
    mount: { dest: SCRIPT_DIRECTORY, output: -1, readonly: true, selector: "/" },
  };
  return { words: withShell(stage.image, [posix.join(SCRIPT_DIRECTORY, heredoc.name)]), remark, script };
}

function summaryOf(content: string): string {
  const [first = "", ...more] = content.trim().split(/\r?\n/);
  return more.length > 0 ? `${first}...` : first;
}

/** Arguments of the build, which the history tells in front of the command: `|1 VERSION=3`. */
function shownArguments({ stage }: Step): string[] {
  const { buildArgs, env } = stage;
  if (buildArgs.size === 0) return [];
  return [
    `|${buildArgs.size}`,
    ...Array.from(buildArgs, ([key, value]) => `${key}=${env.get(key) ?? value ?? ""}`),
  ];
}

interface ExecParts {
  name: string;
  words: readonly string[];
  mounts: RunMounts;
}

function execNode(step: Step, instruction: InstructionOf<"RUN">, parts: ExecParts): OperationNode {
  const { conversion, stage, command } = step;
  const { options } = conversion;
  const { trees, others, secretEnv } = parts.mounts;
  const root: MountPlan = { node: stage.node, mount: { dest: "/", output: 0 } };
  const sorted = sortMounts([root, ...trees, ...sharedMemory(options.shmSizeBytes)]);
  const nodes = sorted.map(({ node }) => node);
  const meta = execMeta(step, parts);
  const platform = platformMessage(platformOf(conversion, stage));
  const network = networkOf(instruction.network, options.network);
  const security = instruction.security === "insecure" ? SecurityMode.INSECURE : SecurityMode.SANDBOX;
  const cdiDevices = instruction.devices.map(({ name, required }) => ({ name, optional: !required }));
  const metadata: OutgoingMetadata = {
    description: {
      "llb.customname": parts.name,
      "com.docker.dockerfile.v1.command": instruction.original,
    },
    ...(stage.ignoresCache ? { ignoreCache: true } : {}),
    ...(options.linuxLimits ? { linuxResources: options.linuxLimits } : {}),
  };
  return {
    kind: "operation",
    inputs: nodes.filter((node) => node !== undefined),
    make: (outputs): OutgoingOp => {
      const inputs = new InputList();
      const numbers = numbersOf(nodes, outputs, inputs);
      const mounts = [...sorted.map(({ mount }, index) => ({ ...mount, input: numbers[index]! })), ...others];
      return {
        inputs: inputs.all,
        exec: { meta, mounts, network, security, secretEnv, cdiDevices },
        platform,
      };
    },
    metadata,
    lines: command.lines,
  };
}

function execMeta(step: Step, { words, mounts }: ExecParts) {
  const { conversion, stage } = step;
  const { extraHosts, ulimits, hostname, cgroupParent } = conversion.options;
  const agent = mounts.others.find(({ mountType }) => mountType === MountType.SSH);
  const env = new Map(stage.env);
  if (agent && !env.has("SSH_AUTH_SOCK")) env.set("SSH_AUTH_SOCK", agent.dest!);
  conversion.budget.entries(env.size);
  return {
    args: [...words],
    env: Array.from(env, ([key, value]) => `${key}=${value}`),
    cwd: stage.directory,
    user: stage.user,
    ...(conversion.proxy ? { proxyEnv: conversion.proxy } : {}),
    extraHosts: [...extraHosts],
    hostname,
    ulimits: [...ulimits],
    cgroupParent,
    removeMountStubsRecursive: true,
  };
}

function networkOf(written: string, standard: number): number {
  if (written === "none") return NetworkMode.NONE;
  return written === "host" ? NetworkMode.HOST : standard;
}

function sharedMemory(sizeBytes: number): MountPlan[] {
  if (sizeBytes <= 0) return [];
  const mount = { dest: "/dev/shm", output: -1, mountType: MountType.TMPFS, tmpfs: { sizeBytes } };
  return [{ node: undefined, mount }];
}
