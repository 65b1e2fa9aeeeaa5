import { realpathSync } from "node:fs";
import { GantryError } from "../../base/index.ts";
import { fileSystemOf } from "../../kernel/index.ts";
import { isSharedMount, isSlaveMount, type OciMount } from "../../runtime/index.ts";

/** Mounts cross between host and container only where the host's mount passes them on; in Docker's words. */
export function assertPropagation(mounts: readonly OciMount[]): void {
  for (const mount of mounts) {
    if (isSharedMount(mount)) assertMount(mount.source!, ["shared:"], "a shared mount");
    else if (isSlaveMount(mount))
      assertMount(mount.source!, ["shared:", "master:"], "a shared or slave mount");
  }
}

function assertMount(source: string, tags: readonly string[], what: string): void {
  const holding = fileSystemOf(realpathSync(source));
  if (holding?.propagation.some((own) => tags.some((tag) => own.startsWith(tag)))) return;
  throw new GantryError(
    "Internal",
    `path ${source} is mounted on ${holding?.mountPoint ?? "/"} but it is not ${what}`,
    { code: "Engine.NotPropagated" },
  );
}
