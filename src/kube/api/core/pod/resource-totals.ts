import { addResourceLists, maxResourceLists, type ResourceList } from "../../../../formats/index.ts";
import type { Container, PodSpec } from "../../generated/types.ts";

type Amounts = (container: Container) => ResourceList | undefined;

/**
 * What a pod's containers come to: the larger of their sum and of the largest moment while its init containers run, through
 * all of which the sidecars that were started count on (component-helpers AggregateContainerRequests).
 */
export function totalOfContainers(
  { containers, initContainers = [] }: PodSpec,
  amounts: Amounts,
): ResourceList {
  let running = containers.reduce((sum: ResourceList, one) => addResourceLists(sum, amounts(one) ?? {}), {});
  let sidecars: ResourceList = {};
  let peak: ResourceList = {};
  for (const container of initContainers) {
    const own = amounts(container) ?? {};
    if (container.restartPolicy === "Always") {
      running = addResourceLists(running, own);
      sidecars = addResourceLists(sidecars, own);
      peak = maxResourceLists(peak, sidecars);
    } else {
      peak = maxResourceLists(peak, addResourceLists(own, sidecars));
    }
  }
  return maxResourceLists(running, peak);
}

export const requestsOf: Amounts = ({ resources }) => resources?.requests;
export const limitsOf: Amounts = ({ resources }) => resources?.limits;
