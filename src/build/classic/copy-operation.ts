import { posix } from "node:path";
import type { LlbOutput, OutgoingOp } from "../llb/index.ts";
import type { Ownership } from "../tree-writer.ts";
import type { CopyItem } from "./copy-sources.ts";
import type { CopyParameters } from "./copy-step.ts";

type Action = NonNullable<NonNullable<OutgoingOp["file"]>["actions"]>[number];

/**
 * Copies items as the classic builder does (moby, builder/dockerfile/copy.go): what stands in the way is replaced, directories on the way and
 * the destination itself are everybody's to read, whatever the source's mode is and `--chmod` says.
 */
export function copyOperation(
  base: LlbOutput,
  items: readonly CopyItem[],
  { kind, destination, mode }: CopyParameters,
  ownership: Ownership | undefined,
): OutgoingOp {
  const owner = ownership && { user: { byId: ownership.uid }, group: { byId: ownership.gid } };
  const inputs = [base];
  const steps: Pick<Action, "copy" | "mkdir" | "secondaryInput">[] = [];
  for (const { input, selected, isDownload } of items) {
    const isDirectory = selected.stat.isDirectory();
    if (isDirectory || mode !== undefined) {
      const path = isDirectory || destination.endsWith("/") ? destination : posix.dirname(destination);
      steps.push({
        secondaryInput: -1,
        mkdir: { path, mode: 0o755, makeParents: true, owner, timestamp: -1 },
      });
    }
    const copy = {
      src: selected.path,
      dest: destination,
      owner,
      mode: mode ?? -1,
      timestamp: -1,
      followSymlink: true,
      dirCopyContents: true,
      createDestPath: true,
      alwaysReplaceExistingDestPaths: true,
      attemptUnpackDockerCompatibility: kind === "ADD" && !isDownload,
    };
    steps.push({ secondaryInput: numberOf(inputs, input), copy });
  }
  const actions = steps.map((step, index): Action => {
    const input = index === 0 ? 0 : inputs.length + index - 1;
    return { ...step, input, output: index === steps.length - 1 ? 0 : -1 };
  });
  return { inputs, file: { actions } };
}

function numberOf(inputs: LlbOutput[], input: LlbOutput): number {
  const known = inputs.findIndex(({ digest }, index) => index > 0 && digest === input.digest);
  return known > 0 ? known : inputs.push(input) - 1;
}
