import { type LabelSelector, labelSelectorFrom } from "../../formats/index.ts";
import type { Deployment, ReplicaSet } from "../api/index.ts";
import type { ApiObject } from "../api/types.ts";

/** Informers' objects are frozen and shared, so a selector is parsed once for as long as its owner is unchanged. */
const parsed = new WeakMap<object, LabelSelector>();

/** Whether the `spec.selector` of a workload matches the object's labels. */
export function selects(owner: Deployment | ReplicaSet, object: ApiObject): boolean {
  let selector = parsed.get(owner.spec.selector);
  if (!selector) {
    selector = labelSelectorFrom(owner.spec.selector);
    parsed.set(owner.spec.selector, selector);
  }
  return selector.matches(object.metadata.labels ?? {});
}
