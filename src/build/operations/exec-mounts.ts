import { chmodSync, chownSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GantryError, invalidArgument, notFound } from "../../base/index.ts";
import { resolveInRoot } from "../../kernel/index.ts";
import type { Mount } from "../llb/index.ts";
import { MountType } from "../llb/messages.ts";
import { EMPTY_REF, identityOf, type Ref } from "../solver/ref.ts";
import { openAgentSocket } from "./agent-socket.ts";
import { copySelected } from "./copy-files.ts";
import { closeSelected, missingPath, selectSources } from "./copy-selection.ts";
import { asItIs, everything, layerOfLocal } from "./layer-of-local.ts";
import { openRef } from "./open-ref.ts";
import type { OperationRun } from "./operation-context.ts";

/** What a command's container gets besides its root. */
export interface ExecMounts {
  binds: { source: string; target: string; readOnly: boolean }[];
  tmpfs: Record<string, string>;
  /** Snapshots that become outputs, by the output's number. */
  writable: { output: number; key: string; base: Ref; unmount(): Promise<void> }[];
  dispose(): Promise<void>;
}

/** Prepares the mounts of a command; all but the root's. */
export async function prepareMounts(mounts: readonly Mount[], run: OperationRun): Promise<ExecMounts> {
  const prepared = new Preparation(run);
  try {
    for (const mount of mounts) if (mount.dest !== "/") await prepared.add(mount);
    return prepared;
  } catch (error) {
    await prepared.dispose();
    throw error;
  }
}

class Preparation implements ExecMounts {
  readonly binds: ExecMounts["binds"] = [];
  readonly tmpfs: Record<string, string> = {};
  readonly writable: ExecMounts["writable"] = [];
  readonly #run: OperationRun;
  readonly #disposals: (() => unknown)[] = [];

  constructor(run: OperationRun) {
    this.#run = run;
  }

  async dispose(): Promise<void> {
    for (const dispose of this.#disposals.splice(0).reverse()) await dispose();
  }

  async add(mount: Mount): Promise<void> {
    switch (mount.mountType) {
      case MountType.BIND:
        return this.#addBind(mount);
      case MountType.CACHE:
        return this.#addCache(mount);
      case MountType.TMPFS: {
        const size = mount.tmpfs?.sizeBytes ?? 0;
        this.tmpfs[mount.dest] = ["rw", "nosuid", ...(size > 0 ? [`size=${size}`] : [])].join(",");
        return;
      }
      case MountType.SECRET:
        return this.#addSecret(mount);
      case MountType.SSH:
        return this.#addAgent(mount);
      default:
        throw invalidArgument(`mount type ${mount.mountType} not implemented`);
    }
  }

  #inputOf({ input }: Mount): Ref {
    if (input < 0) return EMPTY_REF;
    const ref = this.#run.inputs[input];
    if (!ref) throw invalidArgument(`missing input ${input}`);
    return ref;
  }

  async #addBind(mount: Mount): Promise<void> {
    const ref = this.#inputOf(mount);
    const { workspace } = this.#run.host;
    if (mount.readonly) {
      if (ref.local) {
        this.#disposals.push(ref.local.hold());
        this.#bind(ref.local.dir, mount);
        return;
      }
      const shared = await workspace.sharedRoot(diffIdsOf(ref));
      this.#disposals.push(() => shared.dispose());
      this.#bind(shared.path, mount);
      return;
    }
    const base = ref.local ? await this.#layerOf(ref) : ref;
    const snapshot = await workspace.sharedSnapshot(diffIdsOf(base));
    this.#disposals.push(() => snapshot.dispose());
    this.#bind(snapshot.path, mount);
    if (mount.output >= 0)
      this.writable.push({ output: mount.output, key: snapshot.key, base, unmount: snapshot.unmount });
  }

  async #layerOf({ local }: Ref): Promise<Ref> {
    const { host, name, signal } = this.#run;
    const { ref, release } = await layerOfLocal(local!, host, name, signal);
    this.#disposals.push(release);
    return ref;
  }

  #bind(root: string, { selector, dest, readonly }: Mount): void {
    const source = selector === "" ? root : resolveInRoot(root, selector);
    if (!statSync(source, { throwIfNoEntry: false })) throw missingPath(selector);
    this.binds.push({ source, target: dest, readOnly: readonly });
  }

  async #addCache(mount: Mount): Promise<void> {
    const { host, signal } = this.#run;
    const ref = this.#inputOf(mount);
    const request = {
      name: mount.cache?.id || mount.dest,
      key: `${identityOf(ref)} ${mount.selector}`,
      sharing: mount.cache?.sharing ?? 0,
      attributes: { uid: 0, gid: 0, mode: 0o755 },
    };
    const taken = await host.cacheMounts.take(request, (dir) => this.#fillCache(ref, mount, dir), signal);
    this.#disposals.push(() => taken.release());
    this.binds.push({ source: taken.dir, target: mount.dest, readOnly: mount.readonly });
  }

  /** A new cache begins with what it is `from`. */
  async #fillCache(ref: Ref, { selector }: Mount, dir: string): Promise<void> {
    if (ref.layers.length === 0 && !ref.local) return;
    const { host, signal } = this.#run;
    const source = await openRef(host.workspace, ref);
    const target = host.workspace.openDirectory(dir);
    try {
      const [one] = selectSources(source.rootFd, { ...everything(), src: selector || "/" });
      try {
        await copySelected(target.fd, one!, { ...asItIs, signal });
        const { uid, gid, mode } = one!.stat;
        chownSync(dir, uid, gid);
        chmodSync(dir, mode & 0o7777);
      } finally {
        closeSelected([one!]);
      }
    } finally {
      target.close();
      source.close();
    }
  }

  async #addSecret({ dest, secret }: Mount): Promise<void> {
    if (!secret) throw invalidArgument("invalid secret mount options");
    const bytes = await secretOf(this.#run, secret.id, secret.optional);
    if (!bytes) return;
    const memory = await this.#run.host.workspace.memoryDirectory();
    this.#disposals.push(() => memory.dispose());
    const path = join(memory.path, "secret");
    writeFileSync(path, bytes, { mode: 0o600 });
    chownSync(path, secret.uid, secret.gid);
    chmodSync(path, secret.mode & 0o777);
    this.binds.push({ source: path, target: dest, readOnly: true });
  }

  async #addAgent({ dest, ssh }: Mount): Promise<void> {
    if (!ssh) throw invalidArgument("invalid ssh mount options");
    const connect = await this.#run.session?.sshAgent(ssh.id, this.#run.signal);
    if (!connect) {
      if (ssh.optional) return;
      throw notFound(`unset ssh forward key ${ssh.id || "default"}`, { code: "Build.NoAgent" });
    }
    const memory = await this.#run.host.workspace.memoryDirectory();
    this.#disposals.push(() => memory.dispose());
    const path = join(memory.path, "agent");
    const socket = await openAgentSocket(path, connect);
    this.#disposals.push(() => socket.close());
    chownSync(path, ssh.uid, ssh.gid);
    chmodSync(path, ssh.mode & 0o777);
    this.binds.push({ source: path, target: dest, readOnly: false });
  }
}

function diffIdsOf({ layers }: Ref): string[] {
  return layers.map(({ diffId }) => diffId);
}

/** Bytes of a secret of the client's; undefined for an optional one that it lacks. */
export async function secretOf(
  run: OperationRun,
  id: string,
  isOptional: boolean,
): Promise<Buffer | undefined> {
  const bytes = await run.session?.secret(id, run.signal);
  if (bytes || isOptional) return bytes;
  throw new GantryError("NotFound", `secret ${id}: not found`, { code: "Build.NoSecret" });
}
