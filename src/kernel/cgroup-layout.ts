import { existsSync } from "node:fs";
import { join } from "node:path";
import { listMounts } from "./mount.ts";

export type CgroupMode = "v1" | "v2" | "hybrid";

export interface CgroupLayout {
  /** `hybrid`: v1 controllers with a cgroup2 mount beside them, which then carries no resources. */
  mode: CgroupMode;
  /** v1 controller (`memory`, `cpu`, `pids`, …) → mount point of its hierarchy. */
  controllers: ReadonlyMap<string, string>;
  /** Mount point of the cgroup2 hierarchy. */
  unified?: string;
}

/** Options of a v1 mount that are not controllers. */
const NOT_A_CONTROLLER = new Set(["rw", "ro", "clone_children", "noprefix", "xattr", "cpuset_v2_mode"]);

let layout: CgroupLayout | undefined;

/** How this host's cgroups are mounted; looked up once. */
export function cgroupLayout(): CgroupLayout {
  layout ??= readLayout();
  return layout;
}

export function cgroupMode(): CgroupMode {
  return cgroupLayout().mode;
}

function readLayout(): CgroupLayout {
  const controllers = new Map<string, string>();
  let unified: string | undefined;
  for (const entry of listMounts()) {
    if (entry.fsType === "cgroup2") unified ??= entry.mountPoint;
    if (entry.fsType !== "cgroup") continue;
    for (const option of entry.superOptions) {
      if (!NOT_A_CONTROLLER.has(option) && !option.includes("=")) controllers.set(option, entry.mountPoint);
      if (option.startsWith("name=")) controllers.set(option, entry.mountPoint);
    }
  }
  const hasResources = [...controllers.keys()].some((name) => !name.startsWith("name="));
  if (!hasResources) return { mode: "v2", controllers: new Map(), unified: unified ?? "/sys/fs/cgroup" };
  return { mode: unified ? "hybrid" : "v1", controllers, unified };
}

/** The directory of a cgroup for one controller, whichever the version; undefined where the host lacks it. */
export function cgroupDir(path: string, controller: string): string | undefined {
  const { mode, controllers, unified } = cgroupLayout();
  const base = mode === "v2" ? unified : controllers.get(controller);
  return base === undefined ? undefined : join(base, path);
}

/** Every directory that the cgroup has or may have, one for each hierarchy. */
export function cgroupDirs(path: string): string[] {
  const { mode, controllers, unified } = cgroupLayout();
  const bases =
    mode === "v2" ? [unified!] : [...new Set(controllers.values()), ...(unified ? [unified] : [])];
  return bases.map((base) => join(base, path));
}

/** Whether any hierarchy has the cgroup. */
export function cgroupExists(path: string): boolean {
  return cgroupDirs(path).some((dir) => existsSync(dir));
}
