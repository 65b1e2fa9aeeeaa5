import { mkdir } from "node:fs/promises";
import { join, normalize } from "node:path";
import type { Pod } from "../../api/index.ts";
import { allContainers } from "../naming.ts";

/**
 * Makes, inside a volume that containers cannot write, the directories where they mount other volumes: the runtime could
 * not make them any more.
 */
export async function makeNestedMountPoints(pod: Pod, volumeName: string, dir: string): Promise<void> {
  for (const path of nestedMountPoints(pod, volumeName)) {
    await mkdir(join(dir, path), { recursive: true, mode: 0o755 });
  }
}

/** Relative paths of the mounts that lie below a mount of the whole volume. */
export function nestedMountPoints(pod: Pod, volumeName: string): Set<string> {
  const found = new Set<string>();
  for (const { volumeMounts = [] } of allContainers(pod)) {
    const paths = volumeMounts.map(({ mountPath }) => normalize(`/${mountPath}/`));
    for (const [index, { name, subPath, subPathExpr }] of volumeMounts.entries()) {
      if (name !== volumeName || subPath || subPathExpr) continue;
      const own = paths[index]!;
      for (const path of paths) {
        if (path === own || !path.startsWith(own)) continue;
        // What lies below another mount in between is that one's to make.
        const isDeeper = paths.some(
          (between) =>
            between !== path &&
            between.length > own.length &&
            between.startsWith(own) &&
            path.startsWith(between),
        );
        if (!isDeeper) found.add(path.slice(own.length, -1));
      }
    }
  }
  return found;
}
