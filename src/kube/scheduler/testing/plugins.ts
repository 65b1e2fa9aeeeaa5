import { labelSelectorFromSet } from "../../../formats/index.ts";
import type { Pod } from "../../api/index.ts";
import { podPlugins } from "../plugins/index.ts";

/** As if each controller selected by all labels of its pods. */
function sameLabels({ metadata: { labels = {}, ownerReferences = [] } }: Pod) {
  const isOwned = ownerReferences.some((one) => one.controller) && Object.keys(labels).length > 0;
  return isOwned ? labelSelectorFromSet(labels) : undefined;
}

/** Those that look at nothing but pods and nodes. */
export const defaultPlugins = podPlugins(sameLabels);
