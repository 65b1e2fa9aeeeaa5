import { createHash } from "node:crypto";
import { invalidArgument } from "../../base/index.ts";
import { digestOf, type ExecOp, type FileAction, type FileOp, type Mount, type Op } from "../llb/index.ts";
import { MountType } from "../llb/messages.ts";
import { digestSelected } from "../operations/content-digest.ts";
import { closeSelected, type Selector, selectSources } from "../operations/copy-selection.ts";
import { openRef } from "../operations/open-ref.ts";
import { pathFilter } from "../operations/path-filter.ts";
import { identityOf, type Ref } from "../solver/ref.ts";
import type { Workspace } from "../workspace.ts";

/** What of an input's files matters to an operation; undefined: everything, and as it is layered. */
type Taken = (Selector & { include: readonly string[]; exclude: readonly string[] })[] | undefined;

/**
 * Keys of what an operation makes. The first is of what its inputs are; it costs nothing, but says nothing of a client's directory. The second
 * is of the contents that it takes of them, so that files which it does not take, and times, change nothing.
 */
export interface OperationKeys {
  byIdentity: string | undefined;
  byContent(signal: AbortSignal): Promise<string>;
}

export function operationKeys(op: Op, inputs: readonly Ref[], workspace: Workspace): OperationKeys {
  const text = canonical(op);
  const key = (kind: string, parts: readonly string[]) =>
    createHash("sha256")
      .update(JSON.stringify([kind, text, ...parts]))
      .digest("hex");
  return {
    byIdentity: inputs.some(({ local }) => local) ? undefined : key("identity", inputs.map(identityOf)),
    byContent: async (signal) => {
      const parts: string[] = [];
      for (const [index, ref] of inputs.entries())
        parts.push(await inputDigest(ref, takenOf(op, index), workspace, signal));
      return key("content", parts);
    },
  };
}

/** The operation without what does not change its result. */
function canonical(op: Op): string {
  const { exec, file, platform } = op;
  return JSON.stringify([platform ?? null, file ?? null, exec ? canonicalExec(exec) : null]);
}

function canonicalExec(exec: ExecOp): object {
  const { meta } = exec;
  return {
    ...exec,
    meta: meta && {
      ...meta,
      proxyEnv: undefined,
      extraHosts: meta.extraHosts.map(({ host }) => host),
    },
    mounts: exec.mounts.map((mount) => ({ ...mount, cache: mount.cache ? {} : undefined })),
  };
}

function takenOf({ file, exec }: Op, index: number): Taken {
  if (file) return takenByFiles(file, index);
  return exec ? takenByCommand(exec, index) : undefined;
}

function takenByFiles({ actions }: FileOp, index: number): Taken {
  if (actions.some((action) => isBase(action, index))) return undefined;
  return actions
    .filter(({ copy, secondaryInput }) => copy && secondaryInput === index)
    .map(({ copy }) => ({
      src: copy!.src,
      followSymlink: copy!.followSymlink,
      allowWildcard: copy!.allowWildcard,
      allowEmptyWildcard: copy!.allowEmptyWildcard,
      include: copy!.includePatterns,
      exclude: copy!.excludePatterns,
    }));
}

function isBase({ input, copy, mkfile, mkdir, symlink }: FileAction, index: number): boolean {
  const owner = (copy ?? mkfile ?? mkdir ?? symlink)?.owner;
  return input === index || owner?.user?.byName?.input === index || owner?.group?.byName?.input === index;
}

/** What a command may write to and hand on counts as a whole; of what it only sees, the part that is mounted (moby/buildkit, ops/exec.go). */
function takenByCommand({ mounts }: ExecOp, index: number): Taken {
  const own = mounts.filter(({ input, mountType }) => {
    return input === index && (mountType === MountType.BIND || mountType === MountType.CACHE);
  });
  const isSeenOnly = (mount: Mount) =>
    mount.dest !== "/" && mount.contentCache !== 2 && (mount.output < 0 || mount.readonly);
  if (!own.every(isSeenOnly)) return undefined;
  return own.map(({ selector }) => ({
    src: selector || "/",
    followSymlink: true,
    allowWildcard: false,
    allowEmptyWildcard: false,
    include: [],
    exclude: [],
  }));
}

const EVERYTHING: NonNullable<Taken> = [
  {
    src: "/",
    followSymlink: true,
    allowWildcard: false,
    allowEmptyWildcard: false,
    include: [],
    exclude: [],
  },
];

/** What an operation is, whatever its inputs: known beforehand, and the same everywhere. */
export function operationDigest(op: Op): string {
  const { merge = null, diff = null } = op;
  return digestOf(Buffer.from(JSON.stringify(["operation", canonical(op), merge, diff])));
}

/**
 * Digest of the files that an operation takes of an input; undefined where how it is layered counts, too. `isByFiles`: its layers
 * say nothing, as they hold times that are not the same everywhere.
 */
export async function takenContent(
  op: Op,
  index: number,
  ref: Ref,
  isByFiles: boolean,
  { workspace, signal }: { workspace: Workspace; signal: AbortSignal },
): Promise<string | undefined> {
  const taken = takenOf(op, index);
  if (!taken && !ref.local && !isByFiles) return undefined;
  return inputDigest(ref, taken ?? EVERYTHING, workspace, signal);
}

async function inputDigest(
  ref: Ref,
  taken: Taken,
  workspace: Workspace,
  signal: AbortSignal,
): Promise<string> {
  if (!taken && !ref.local) return identityOf(ref);
  const opened = await openRef(workspace, ref);
  try {
    const digests: string[] = [];
    for (const selector of taken ?? EVERYTHING) {
      const selected = selectSources(opened.rootFd, selector);
      try {
        digests.push(
          await digestSelected(selected, pathFilter(selector.include, selector.exclude), ref.local, signal),
        );
      } finally {
        closeSelected(selected);
      }
    }
    return digests.join();
  } finally {
    opened.close();
  }
}

export function assertInputs(op: Op): void {
  const count = op.inputs.length;
  const check = (input: number, limit: number): void => {
    if (!Number.isSafeInteger(input) || input < -1 || input >= limit)
      throw invalidArgument(`invalid input index ${input}`, { code: "Build.Definition" });
  };
  for (const [index, action] of (op.file?.actions ?? []).entries()) {
    check(action.input, count + index);
    check(action.secondaryInput, count + index);
  }
  for (const { input } of op.exec?.mounts ?? []) check(input, count);
  for (const { input } of op.merge?.inputs ?? []) check(input, count);
  if (op.diff) for (const side of [op.diff.lower, op.diff.upper]) if (side) check(side.input, count);
}
