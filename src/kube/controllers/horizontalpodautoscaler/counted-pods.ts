import { errorMessage } from "../../../base/index.ts";
import { type LabelSelector, parseLabelSelector } from "../../../formats/index.ts";
import type { Pod, V2HorizontalPodAutoscaler } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { KnownSelectors } from "./known-selectors.ts";

/** Why an autoscaler's pods cannot be told: by its event, and by its condition. */
export class SelectorProblem extends Error {
  readonly eventReason: string;
  readonly condition: { reason: string; message: string };

  constructor(message: string, eventReason: string, condition: { reason: string; message?: string }) {
    super(message);
    this.eventReason = eventReason;
    this.condition = { message, ...condition };
  }
}

/** The pods that the target's selector names. Throws SelectorProblem where it names none, or those of another autoscaler. */
export function countedPods(
  { metadata }: V2HorizontalPodAutoscaler,
  selector: string,
  pods: Informer<Pod>,
  known: KnownSelectors,
): Pod[] {
  const { namespace = "", name } = metadata;
  const parsed = parsedSelector(selector);
  known.set(namespace, name, parsed);
  const counted = [...pods.list(namespace)].filter((pod) => parsed.matches(pod.metadata.labels));
  const counting = known.counting(namespace, counted);
  if (counting.length <= 1) return counted;
  const why = `pods by selector ${selector} are controlled by multiple HPAs: [${counting.join(" ")}]`;
  throw new SelectorProblem(why, "AmbiguousSelector", { reason: "AmbiguousSelector" });
}

function parsedSelector(selector: string): LabelSelector {
  if (selector === "") {
    const message = "the HPA target's scale is missing a selector";
    throw new SelectorProblem("selector is required", "SelectorRequired", {
      reason: "InvalidSelector",
      message,
    });
  }
  try {
    return parseLabelSelector(selector);
  } catch (error) {
    const why = `couldn't convert selector into a corresponding internal selector object: ${errorMessage(error)}`;
    throw new SelectorProblem(why, "InvalidSelector", { reason: "InvalidSelector" });
  }
}
