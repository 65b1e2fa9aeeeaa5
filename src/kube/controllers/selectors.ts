import { type LabelSelector, labelSelectorFrom, labelSelectorFromSet } from "../../formats/index.ts";
import type { ApiObject } from "../api/types.ts";

/** An owner of pods or ReplicaSets; a ReplicationController's selector is a plain map. */
type Workload = ApiObject & { spec: { selector?: object } };

/** Informers' objects are frozen and shared, so a selector is parsed once for as long as its owner is unchanged. */
const parsed = new WeakMap<object, LabelSelector>();

/** Whether the `spec.selector` of a workload matches the object's labels. */
export function selects(owner: Workload, object: ApiObject): boolean {
  const key = owner.spec.selector;
  if (key === undefined) return false;
  let selector = parsed.get(key);
  if (!selector) {
    selector = parse(owner);
    parsed.set(key, selector);
  }
  return selector.matches(object.metadata.labels ?? {});
}

function parse({ kind, spec: { selector } }: Workload): LabelSelector {
  if (kind !== "ReplicationController") return labelSelectorFrom(selector);
  return labelSelectorFromSet(selector as Record<string, string>);
}
