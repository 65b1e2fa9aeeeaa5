import type { Ref } from "../solver/ref.ts";
import type { OpenTree } from "../solver/types.ts";
import type { Workspace } from "../workspace.ts";

/** A result's root for reading, until it is closed. */
export async function openRef(workspace: Workspace, ref: Ref): Promise<OpenTree> {
  if (ref.local) {
    const letGo = ref.local.hold();
    return { rootFd: ref.local.rootFd, close: letGo };
  }
  const { fd, close } = await workspace.readRoot(ref.layers.map(({ diffId }) => diffId));
  return { rootFd: fd, close };
}
