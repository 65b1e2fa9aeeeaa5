import { invalidArgument } from "../base/index.ts";
import { type ImageRuntimeConfig, parseInstructions } from "../formats/index.ts";
import { GlobalArgs, StageArgs } from "./build-args.ts";
import { applyMetadata, isMetadataInstruction, resolveWorkdir } from "./metadata-step.ts";

/**
 * Applies Dockerfile instructions to a configuration, as `docker commit --change` and `docker import --change` do. Only
 * those that change nothing but the configuration are allowed.
 */
export function applyChanges<T extends object>(config: T, changes: readonly string[]): T {
  if (changes.length === 0) return config;
  const { instructions, escapeChar } = parseInstructions(changes.join("\n"), "changes");
  const args = new StageArgs(new GlobalArgs({}, {}));
  let current: ImageRuntimeConfig = { ...(config as ImageRuntimeConfig) };
  let cmdWasSet = false;
  for (const instruction of instructions) {
    const variables = args.variables(current.Env ?? []);
    if (instruction.kind === "WORKDIR") {
      current = { ...current, WorkingDir: resolveWorkdir(current.WorkingDir, instruction.path) };
    } else if (
      isMetadataInstruction(instruction) &&
      instruction.kind !== "SHELL" &&
      instruction.kind !== "STOPSIGNAL"
    ) {
      current = applyMetadata(current, instruction, { variables, escapeChar, cmdWasSet }).config;
      cmdWasSet ||= instruction.kind === "CMD";
    } else {
      throw invalidArgument(`${instruction.kind.toLowerCase()} is not a valid change command`, {
        code: "Build.Change",
      });
    }
  }
  return current as T;
}
