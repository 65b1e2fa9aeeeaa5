import { posix } from "node:path";
import { invalidArgument } from "../../../base/index.ts";
import { compareUtf8, type InstructionOf, parseRunMount, type RunMount } from "../../../formats/index.ts";
import { messages, type OutgoingOp } from "../../llb/index.ts";
import type { GraphNode } from "./graph.ts";
import type { Step } from "./step.ts";

const { MountType, CacheSharing } = messages;

export type ExecMount = NonNullable<NonNullable<OutgoingOp["exec"]>["mounts"]>[number];

/** A mount of a command, before its input has a number. */
export interface MountPlan {
  node: GraphNode | undefined;
  mount: ExecMount;
}

export interface RunMounts {
  /** With files of a tree behind them. */
  trees: MountPlan[];
  /** Secrets and agents. */
  others: ExecMount[];
  secretEnv: { id: string; name: string; optional: boolean }[];
  agents: number;
  /** Names of the variables that secrets become. */
  secretNames: string[];
}

/** Understands the --mount flags of a RUN, and remembers which files they need. */
export function runMounts(step: Step, instruction: InstructionOf<"RUN">): RunMounts {
  const mounts: RunMounts = { trees: [], others: [], secretEnv: [], secretNames: [], agents: 0 };
  for (const [index, text] of instruction.mounts.entries()) {
    const mount = parseRunMount(text, step.expand);
    if (mount.type === "secret") addSecret(step, mount, mounts);
    else if (mount.type === "ssh") addAgent(step, mount, mounts);
    else mounts.trees.push(treeMount(step, mount, index));
  }
  return mounts;
}

/** Mounts in the order in which they are made: what lies in another one comes after it. */
export function sortMounts(mounts: readonly MountPlan[]): MountPlan[] {
  return mounts.toSorted((a, b) => compareUtf8(a.mount.dest!, b.mount.dest!));
}

function treeMount(step: Step, mount: RunMount, index: number): MountPlan {
  const { stage, conversion } = step;
  const isCache = mount.type === "cache";
  let node: GraphNode | undefined = mount.type === "tmpfs" || isCache ? undefined : conversion.contextNode;
  const source = step.command.sources[index]!;
  if (mount.from !== "") {
    if (!source.isDispatched) {
      throw invalidArgument(
        `cannot mount from stage ${JSON.stringify(mount.from)} to ${JSON.stringify(mount.target)}, stage needs to be defined before current command`,
      );
    }
    if (mount.type !== "tmpfs") node = source.node;
  }
  const dest = posix.isAbsolute(mount.target) ? mount.target : posix.join("/", stage.directory, mount.target);
  if (posix.normalize(dest) === "/") throw invalidArgument(`invalid mount target ${JSON.stringify(dest)}`);
  const path = posix.join("/", mount.source);
  const plan: MountPlan = {
    node,
    mount: { dest, output: -1, readonly: mount.readOnly, ...kindOf(step, mount) },
  };
  if (path !== "/") plan.mount.selector = path;
  else if (mount.uid !== undefined || mount.gid !== undefined || mount.mode !== undefined) {
    plan.node = directoryNode(node, mount);
    plan.mount.selector = CACHE_DIRECTORY;
  }
  noteUse(step, mount, path, index);
  return plan;
}

function kindOf({ conversion }: Step, mount: RunMount): ExecMount {
  if (mount.type === "tmpfs")
    return { mountType: MountType.TMPFS, tmpfs: { sizeBytes: mount.sizeLimitBytes } };
  if (mount.type !== "cache") return {};
  const id = mount.id === "" ? posix.normalize(mount.target) : mount.id;
  const sharing = {
    "": CacheSharing.SHARED,
    shared: CacheSharing.SHARED,
    private: CacheSharing.PRIVATE,
    locked: CacheSharing.LOCKED,
  }[mount.sharing];
  return {
    mountType: MountType.CACHE,
    cache: { id: `${conversion.options.cacheNamespace}/${id}`, sharing },
  };
}

const CACHE_DIRECTORY = "/cache";

/** What a cache begins with, where its directory has an owner or bits of its own. */
function directoryNode(base: GraphNode | undefined, { uid = 0, gid = 0, mode = 0o755 }: RunMount): GraphNode {
  const input = base ? 0 : -1;
  const owner = { user: { byId: uid }, group: { byId: gid } };
  return {
    kind: "operation",
    inputs: base ? [base] : [],
    make: (inputs) => ({
      inputs,
      file: {
        actions: [
          {
            input,
            secondaryInput: -1,
            output: 0,
            mkdir: { path: CACHE_DIRECTORY, mode, owner, timestamp: -1 },
          },
        ],
      },
    }),
    metadata: { description: { "llb.customname": "[internal] setting cache mount permissions" } },
    lines: undefined,
  };
}

function noteUse({ stage, command }: Step, mount: RunMount, path: string, index: number): void {
  if (mount.from !== "") command.sources[index]!.paths.add(path);
  else if (mount.type === "bind") stage.contextPaths.add(path);
}

function addSecret({ stage, command }: Step, mount: RunMount, into: RunMounts): void {
  const id = mount.source || mount.id || posix.basename(mount.target);
  const optional = !mount.required;
  if (!stage.outline.secrets.has(id))
    stage.outline.secrets.set(id, { isRequired: mount.required, lines: command.lines });
  if (mount.env !== undefined) {
    into.secretEnv.push({ id, name: mount.env, optional });
    into.secretNames.push(mount.env);
    if (mount.target === "") return;
  }
  into.others.push({
    input: -1,
    dest: mount.target || `/run/secrets/${posix.basename(id)}`,
    output: 0,
    mountType: MountType.SECRET,
    secret: { id, optional, ...ownership(mount, 0o400) },
  });
}

function addAgent({ stage, command }: Step, mount: RunMount, into: RunMounts): void {
  if (mount.source !== "") throw invalidArgument("ssh does not support source");
  const id = mount.id || "default";
  if (!stage.outline.ssh.has(id))
    stage.outline.ssh.set(id, { isRequired: mount.required, lines: command.lines });
  into.others.push({
    input: -1,
    dest: mount.target || `/run/buildkit/ssh_agent.${into.agents++}`,
    output: 0,
    mountType: MountType.SSH,
    ssh: { id: mount.id, optional: !mount.required, ...ownership(mount, 0o600) },
  });
}

function ownership({ uid = 0, gid = 0, mode }: RunMount, defaultMode: number) {
  return { uid, gid, mode: mode ?? defaultMode };
}
