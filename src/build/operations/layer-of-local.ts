import type { Ref } from "../solver/ref.ts";
import type { LocalTree } from "../sources/local-tree.ts";
import { copySelected } from "./copy-files.ts";
import { closeSelected, selectSources } from "./copy-selection.ts";
import type { OperationHost } from "./operation-context.ts";

/** A copy with nothing changed, as settings of `copySelected`. */
export const asItIs = {
  destination: "/",
  copiesContents: true,
  owner: undefined,
  mode: undefined,
  mtimeMs: undefined,
  filter: undefined,
  replaces: false,
  mayLink: false,
};

export function everything() {
  return { src: "/", followSymlink: true, allowWildcard: false, allowEmptyWildcard: false };
}

/** A client's directory as a layer, held until `release`. What is written to it is not the client's. */
export async function layerOfLocal(
  local: LocalTree,
  host: Pick<OperationHost, "workspace" | "images" | "clock">,
  description: string,
  signal: AbortSignal,
): Promise<{ ref: Ref; release: () => void }> {
  const step = await host.workspace.stepRoot(undefined);
  try {
    const [root] = selectSources(local.rootFd, everything());
    try {
      await copySelected(step.root.fd, root!, { ...asItIs, mayLink: true, signal });
    } finally {
      closeSelected([root!]);
    }
    step.unmount();
    const made = await host.images.commitLayer(step.key);
    const layer = { diffId: made.diffId, createdAtMs: host.clock.nowMs(), description };
    return { ref: { layers: [layer] }, release: made.release };
  } finally {
    await step.dispose();
  }
}
