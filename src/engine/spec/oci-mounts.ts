import { mkdir, stat } from "node:fs/promises";
import { errnoCode, GantryError } from "../../base/index.ts";
import { mountsRecursivelyReadOnly } from "../../kernel/index.ts";
import type { OciMount } from "../../runtime/index.ts";
import type { Container } from "../containers/container.ts";
import type { MountRecord } from "../containers/container-record.ts";
import type { EngineContext } from "../context.ts";
import { invalidMount } from "../errors.ts";
import type { InternalOptions } from "../types.ts";
import { holdVolumes } from "../volumes/held-volumes.ts";
import { isStaged, stagedSource, stageMounts } from "../volumes/staged-mounts.ts";

/** Makes sure that what will be bound in is there. */
export async function prepareMountSources(context: EngineContext, container: Container): Promise<void> {
  await holdVolumes(context, container);
  for (const mount of container.record.mounts) if (mount.Type === "bind") await ensureBindSource(mount);
  await stageMounts(context, container);
}

async function ensureBindSource(mount: MountRecord): Promise<void> {
  try {
    await stat(mount.Source);
  } catch (error) {
    if (errnoCode(error) !== "ENOENT") throw error;
    if (!mount.createSource) {
      throw invalidMount(
        `invalid mount config for type "bind": bind source path does not exist: ${mount.Source}`,
      );
    }
    await mkdir(mount.Source, { recursive: true, mode: 0o755 });
  }
}

/** The container's own mounts as the runtime wants them. */
export function ociMounts(context: EngineContext, container: Container): OciMount[] {
  return [
    ...(container.record.internal?.mounts ?? []).map(internalMount),
    ...container.record.mounts.map((mount, index) => {
      if (mount.Type === "tmpfs") return tmpfsMount(mount);
      return bindMount(mount, isStaged(mount) ? stagedSource(context, container.id, index) : mount.Source);
    }),
  ];
}

function bindMount(mount: MountRecord, source: string): OciMount {
  const propagation = mount.Propagation || "rprivate";
  const access = mount.RW ? "rw" : readOnly(mount);
  // A recursive propagation would make crun's bind recursive too; below a single mount they mean the same.
  const options = mount.nonRecursive
    ? ["bind", access, propagation.replace(/^r/, "")]
    : ["rbind", access, propagation];
  return { destination: mount.Destination, type: "bind", source, options };
}

/** With all mounts below, as Docker does since API 1.44, where kernel and runtime can. */
function readOnly({ readOnlyNonRecursive, readOnlyForceRecursive }: MountRecord): "ro" | "rro" {
  if (readOnlyNonRecursive) return "ro";
  if (mountsRecursivelyReadOnly()) return "rro";
  if (!readOnlyForceRecursive) return "ro";
  throw new GantryError(
    "NotImplemented",
    "this kernel cannot make a mount recursively read-only (5.12 can)",
    {
      code: "Engine.RecursiveReadOnly",
    },
  );
}

const OPPOSITES: Record<string, string> = {
  exec: "noexec",
  suid: "nosuid",
  dev: "nodev",
  rw: "ro",
  ro: "rw",
};

/** As Docker mounts them: nothing in it is executed, set-uid or a device unless that was asked for. */
function tmpfsMount(mount: MountRecord): OciMount {
  const asked = mount.tmpfsOptions ?? [];
  const defaults = ["noexec", "nosuid", "nodev"].filter(
    (option) => !asked.some((wanted) => OPPOSITES[wanted] === option || wanted === option),
  );
  const access = !mount.RW && !asked.includes("ro") ? ["ro"] : [];
  // exec, suid and dev are no options that mount(2) knows.
  const passed = asked.filter((option) => !["exec", "suid", "dev"].includes(option));
  return {
    destination: mount.Destination,
    type: "tmpfs",
    source: "tmpfs",
    options: [...defaults, ...access, ...passed],
  };
}

function internalMount(mount: NonNullable<InternalOptions["mounts"]>[number]): OciMount {
  const access = mount.readOnly ? (mount.recursiveReadOnly ? "rro" : "ro") : "rw";
  return {
    destination: mount.target,
    type: "bind",
    source: mount.source,
    options: ["rbind", access, mount.propagation ?? "rprivate"],
  };
}
