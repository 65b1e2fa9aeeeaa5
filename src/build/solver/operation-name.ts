import type { FileAction, Op, OpMetadata } from "../llb/index.ts";

/** What progress calls an operation: the name that its maker gave it, else what it does (moby/buildkit, llbOpName). */
export function operationName(op: Op, metadata: OpMetadata | undefined): string {
  const given = metadata?.description["llb.customname"];
  if (given) return given;
  if (op.source) return op.source.identifier;
  if (op.exec) return (op.exec.meta?.args ?? []).join(" ");
  if (op.file) return op.file.actions.map(actionName).join(", ");
  if (op.merge) return `merge (${op.inputs.length} inputs)`;
  if (op.diff) return "diff";
  return op.build ? "build" : "unknown";
}

function actionName({ copy, mkfile, mkdir, rm, symlink }: FileAction): string {
  if (copy) return `copy ${copy.src} ${copy.dest}`;
  if (mkfile) return `mkfile ${mkfile.path}`;
  if (mkdir) return `mkdir ${mkdir.path}`;
  if (rm) return `rm ${rm.path}`;
  return symlink ? `symlink ${symlink.oldPath} ${symlink.newPath}` : "unknown";
}
