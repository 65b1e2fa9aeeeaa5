import { createHash } from "node:crypto";
import { chmod, mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errnoCode, GantryError, isGantryError } from "../../../base/index.ts";
import { quantityValue } from "../../../formats/index.ts";
import { listMounts, MountFlag, mount, removeTree, unmountTree } from "../../../kernel/index.ts";
import type { Node, PersistentVolume, Pod, Volume } from "../../api/index.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { type ClaimReader, claimedVolumes } from "./claimed-volume.ts";
import { prepareHostPath } from "./host-path.ts";
import { makeNestedMountPoints } from "./nested-mount-points.ts";
import { giveToGroup } from "./ownership.ts";
import { type PayloadInput, volumePayload } from "./payload.ts";
import { setUpPersistentVolume } from "./persistent-volume.ts";
import { boundInodes, inodeOf, subPathsDir } from "./sub-path.ts";
import { mountFailed, VolumeError } from "./volume-error.ts";

export interface VolumeManagerOptions {
  /** Pods' directories are `<podsDir>/<uid>`. */
  podsDir: string;
  claims: ClaimReader;
  node(): Node | undefined;
  /** Bound of volumes in memory that name none. */
  nodeMemoryBytes: number;
}

/** Directory names of upstream's plugins: programs and people know them. */
const PLUGIN_DIR = {
  emptyDir: "kubernetes.io~empty-dir",
  configMap: "kubernetes.io~configmap",
  secret: "kubernetes.io~secret",
  downwardAPI: "kubernetes.io~downward-api",
  projected: "kubernetes.io~projected",
};

/** What clients throw when no API server can be reached. */
const UNREACHABLE = "Kubernetes.Unreachable";

/** What must not reach a disk lives in memory. */
const IN_MEMORY = new Set(["secret", "downwardAPI", "projected"]);

/** Sets pods' volumes up, keeps their content current, and takes them down. */
export class VolumeManager {
  readonly #options: VolumeManagerOptions;
  /** By pod and volume: hash of the files written last, so that an unchanged volume costs no file access. */
  readonly #written = new Map<string, Map<string, string>>();
  /** By pod and volume: where the persistent volume lies that was made ready. A claim never changes its volume. */
  readonly #persistent = new Map<string, Map<string, { name: string; path: string }>>();
  #generation = 0;

  constructor(options: VolumeManagerOptions) {
    this.#options = options;
  }

  podDir(podUid: string): string {
    return join(this.#options.podsDir, podUid);
  }

  /** Makes all volumes of the pod and brings their content up to date; returns where each lies. Throws VolumeError. */
  async setUp(pod: Pod, input: PayloadInput): Promise<Map<string, string>> {
    const paths = new Map<string, string>();
    await mkdir(this.podDir(pod.metadata.uid), { recursive: true, mode: 0o750 });
    for (const [name, path] of await this.#setUpClaimed(pod)) paths.set(name, path);
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.persistentVolumeClaim || volume.ephemeral) continue;
      try {
        paths.set(volume.name, await this.#setUpOne(pod, volume, input));
      } catch (error) {
        throw error instanceof VolumeError ? error : mountFailed("SetUp", volume.name, error);
      }
    }
    return paths;
  }

  /** Unmounts and removes everything of the pod. Nothing is removed while a mount is left, for it may be the host's data. */
  async tearDown(podUid: string): Promise<void> {
    const dir = this.podDir(podUid);
    this.#written.delete(podUid);
    this.#persistent.delete(podUid);
    try {
      await stat(dir);
    } catch (error) {
      if (errnoCode(error) === "ENOENT") return;
      throw error;
    }
    unmountTree(dir);
    const left = listMounts().find(
      ({ mountPoint }) => mountPoint === dir || mountPoint.startsWith(`${dir}/`),
    );
    if (left) {
      throw new GantryError("Conflict", `${left.mountPoint} is still mounted`, {
        code: "Kubelet.VolumeBusy",
      });
    }
    await removeTree(dir);
  }

  /** What the pod's claims stand for; asked of the API once, and until then at every try. */
  async #setUpClaimed(pod: Pod): Promise<Map<string, string>> {
    const { uid } = pod.metadata;
    let ready = this.#persistent.get(uid);
    if (!ready) {
      ready = new Map();
      for (const [name, volume] of await claimedVolumes(pod, this.#options.claims))
        ready.set(name, { name: volume.metadata.name, path: await this.#setUpPersistent(pod, name, volume) });
      this.#persistent.set(uid, ready);
    }
    return new Map([...ready].map(([name, { path }]) => [name, path]));
  }

  #setUpPersistent(pod: Pod, name: string, volume: PersistentVolume): Promise<string> {
    const { uid } = pod.metadata;
    const source = pod.spec.volumes?.find((one) => one.name === name);
    return setUpPersistentVolume(volume, {
      pod,
      podDir: this.podDir(uid),
      node: this.#options.node(),
      isReadOnly: source?.persistentVolumeClaim?.readOnly === true,
      isShared: this.#isUsedByOthers(volume.metadata.name, uid),
    });
  }

  #isUsedByOthers(volumeName: string, podUid: string): boolean {
    return [...this.#persistent].some(
      ([uid, volumes]) => uid !== podUid && [...volumes.values()].some(({ name }) => name === volumeName),
    );
  }

  async #setUpOne(pod: Pod, volume: Volume, input: PayloadInput): Promise<string> {
    if (volume.hostPath) {
      await prepareHostPath(volume.hostPath.path, volume.hostPath.type ?? "");
      return volume.hostPath.path;
    }
    const kinds = Object.keys(PLUGIN_DIR) as (keyof typeof PLUGIN_DIR)[];
    const kind = kinds.find((source) => volume[source] !== undefined);
    if (!kind) throw unsupported(volume);
    const dir = join(this.podDir(pod.metadata.uid), "volumes", PLUGIN_DIR[kind], volume.name);
    if (kind === "emptyDir") await this.#setUpEmptyDir(pod, volume, dir);
    else await this.#setUpFiles(pod, volume, dir, IN_MEMORY.has(kind), input);
    return dir;
  }

  async #setUpEmptyDir(pod: Pod, volume: Volume, dir: string): Promise<void> {
    const { medium = "", sizeLimit } = volume.emptyDir!;
    if (medium !== "" && medium !== "Memory") {
      throw new GantryError("NotImplemented", `emptyDir medium ${medium} is not implemented`, {
        code: "Kubelet.Medium",
      });
    }
    if (this.#isWritten(pod, volume)) return;
    const isNew = await makeDirectory(dir);
    if (medium === "Memory") {
      const limit = sizeLimit === undefined ? 0 : quantityValue(String(sizeLimit));
      await mountMemory(dir, limit || this.#options.nodeMemoryBytes, 0o777);
    }
    if (isNew) await chmod(dir, 0o777);
    const gid = pod.spec.securityContext?.fsGroup;
    if (gid !== undefined) {
      const onRootMismatchOnly = !isNew || pod.spec.securityContext?.fsGroupChangePolicy === "OnRootMismatch";
      await giveToGroup(dir, gid, { readOnly: false, onRootMismatchOnly });
    }
    this.#remember(pod, volume, "made");
  }

  async #setUpFiles(
    pod: Pod,
    volume: Volume,
    dir: string,
    inMemory: boolean,
    input: PayloadInput,
  ): Promise<void> {
    const payload = await volumePayload(volume, input).catch(async (error) => {
      // What an earlier run of the program has put there serves until somebody can be asked.
      if (isGantryError(error) && error.code === UNREACHABLE && (await hasContent(dir))) return undefined;
      throw error;
    });
    if (!payload) return;
    const hash = createHash("sha256");
    for (const [path, { content, mode, uid }] of payload) {
      hash.update(`${path}\0${mode}\0${uid}\0${content.length}\0`).update(content);
    }
    const digest = hash.digest("base64");
    if (this.#written.get(pod.metadata.uid)?.get(volume.name) === digest) return;
    await makeDirectory(dir);
    if (inMemory) await mountMemory(dir, this.#options.nodeMemoryBytes, 0o755);
    const gid = pod.spec.securityContext?.fsGroup;
    const generation = `${process.pid}_${++this.#generation}_${digest.slice(0, 8).replace(/\W/g, "x")}`;
    const bound = boundInodes(subPathsDir(this.podDir(pod.metadata.uid), volume.name));
    await writeAtomically(dir, payload, {
      ...(gid === undefined ? {} : { gid }),
      generation,
      isBound: (directory) => bound.has(inodeOf(directory)),
    });
    await makeNestedMountPoints(pod, volume.name, dir);
    this.#remember(pod, volume, digest);
  }

  #isWritten(pod: Pod, volume: Volume): boolean {
    return this.#written.get(pod.metadata.uid)?.has(volume.name) === true;
  }

  #remember(pod: Pod, volume: Volume, what: string): void {
    const volumes = this.#written.get(pod.metadata.uid) ?? new Map<string, string>();
    this.#written.set(pod.metadata.uid, volumes.set(volume.name, what));
  }
}

function unsupported(volume: Volume): GantryError {
  const source = Object.keys(volume).find((key) => key !== "name") ?? "none";
  return new GantryError("NotImplemented", `volumes of type ${source} are not implemented`, {
    code: "Kubelet.VolumeType",
  });
}

/** Whether the atomic writer has come to its end there once. */
async function hasContent(dir: string): Promise<boolean> {
  return (await stat(join(dir, "..data")).catch(() => undefined)) !== undefined;
}

/** True when it was not there before. */
async function makeDirectory(dir: string): Promise<boolean> {
  return (await mkdir(dir, { recursive: true, mode: 0o755 })) !== undefined;
}

/** A tmpfs at `dir`, unless one is there from before (an adopted pod): a mount point has another device than its parent. */
async function mountMemory(dir: string, sizeBytes: number, mode: number): Promise<void> {
  const [own, parent] = await Promise.all([stat(dir), stat(dirname(dir))]);
  if (own.dev !== parent.dev) return;
  mount(
    "tmpfs",
    dir,
    "tmpfs",
    MountFlag.NOSUID | MountFlag.NODEV,
    `mode=${mode.toString(8)},size=${sizeBytes}`,
  );
}
