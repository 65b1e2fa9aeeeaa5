import type { Pod } from "../../api/index.ts";
import { MAX_SCORE, type SchedulingPlugin } from "../framework.ts";
import type { Snapshot } from "../snapshot.ts";

const MEBIBYTE = 1024 * 1024;
/** Less than that is pulled so fast that it does not count. */
const LEAST_BYTES = 23 * MEBIBYTE;
/** More than that of a container counts no more. */
const MOST_BYTES = 1000 * MEBIBYTE;

interface State {
  images: readonly string[];
  snapshot: Snapshot;
}

/** Prefers nodes that have the pod's images already; what only few nodes have counts less, so that not all go there. */
export const imageLocality: SchedulingPlugin<State> = {
  name: "ImageLocality",
  weight: 1,
  prepare: (pod, snapshot) => ({ images: imagesOf(pod), snapshot }),
  prepareScore: (_pod, _nodes, { images, snapshot }) =>
    images.some((image) => snapshot.nodesWithImage(image) > 0) ? undefined : "skip",
  score: (_pod, node, { images, snapshot }) => {
    let sum = 0;
    for (const image of images) {
      const sizeBytes = node.images.get(image);
      if (sizeBytes === undefined) continue;
      sum += Math.floor(Number(sizeBytes) * (snapshot.nodesWithImage(image) / snapshot.nodes.length));
    }
    const most = MOST_BYTES * images.length;
    const counted = Math.min(Math.max(sum, LEAST_BYTES), most);
    return Math.floor((MAX_SCORE * (counted - LEAST_BYTES)) / (most - LEAST_BYTES));
  },
};

/** As nodes name them: with a tag. */
function imagesOf({ spec }: Pod): string[] {
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  return containers
    .map(({ image }) => image ?? "")
    .map((image) => (image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image));
}
