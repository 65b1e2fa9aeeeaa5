import { invalidArgument } from "../../base/index.ts";
import { type ImageRuntimeConfig, parseInstructions } from "../../formats/index.ts";
import { GlobalArgs, StageArgs } from "./build-args.ts";
import { applyMetadata, isMetadataInstruction, resolveWorkdir } from "./metadata-step.ts";

/**
 * Applies Dockerfile instructions to a configuration, as `docker commit --change` and `docker import --change` do. Only
 * those that change nothing but the configuration are allowed.
 */
export function applyChanges<T extends object>(config: T, changes: readonly string[]): T {
  if (changes.length === 0) return config;
  // Before they are parsed: what may not stand here need not be well formed.
  for (const change of changes) assertAllowed(change.trim().split(/\s+/)[0]!);
  const { instructions, escapeChar } = parseInstructions(changes.join("\n"), "changes");
  const args = new StageArgs(new GlobalArgs({}, {}));
  let current: ImageRuntimeConfig = { ...(config as ImageRuntimeConfig) };
  let cmdWasSet = false;
  for (const instruction of instructions) {
    const variables = args.variables(current.Env ?? []);
    if (instruction.kind === "WORKDIR") {
      current = { ...current, WorkingDir: resolveWorkdir(current.WorkingDir, instruction.path) };
    } else if (isMetadataInstruction(instruction) && ALLOWED.has(instruction.kind)) {
      current = applyMetadata(current, instruction, { variables, escapeChar, cmdWasSet }).config;
      cmdWasSet ||= instruction.kind === "CMD";
    } else {
      throw notAllowed(instruction.kind);
    }
  }
  return current as T;
}

const ALLOWED: ReadonlySet<string> = new Set([
  ...["CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL"],
  ...["ONBUILD", "USER", "VOLUME", "WORKDIR"],
]);

function assertAllowed(instruction: string): void {
  if (instruction !== "" && !ALLOWED.has(instruction.toUpperCase())) throw notAllowed(instruction);
}

const notAllowed = (instruction: string) =>
  invalidArgument(`${instruction} is not a valid change command`, { code: "Build.Change" });
