import type { Pod } from "../generated/types.ts";
import type { CountedChange, QuotaEvaluator } from "./evaluator.ts";
import { isTerminating, podMatchesScope } from "./pod-scopes.ts";
import { namedUsage, POD_COUNT, podUsage } from "./pod-usage.ts";

const COMPUTE = ["cpu", "memory", "ephemeral-storage"];
const NAMES = new Set([
  POD_COUNT,
  "pods",
  ...COMPUTE.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
const PREFIXES = ["hugepages-", "requests.hugepages-"];
/** Where a quota counts one of these, each container must name an amount of it. Of later resources that is not asked. */
const DEMANDED = ["cpu", "memory"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]);

/** Counts pods and what they ask of nodes. */
export const podEvaluator: QuotaEvaluator = {
  handles,
  matchingNames: (given) => given.filter(isCounted),
  usage: (object, nowMs) => podUsage(object as Pod, nowMs),
  matchesScope: (requirement, object) => podMatchesScope(requirement, object as Pod),
  lacking: (names, object) => lacking(names, object as Pod),
};

/** An update counts where the pod changes its scope by it, and where it is resized. */
function handles({ operation, subresource, object, oldObject }: CountedChange): boolean {
  if (subresource !== undefined) return subresource === "resize" && operation === "UPDATE";
  return operation === "CREATE" || isTerminating(object as Pod) !== isTerminating(oldObject as Pod);
}

const isCounted = (name: string): boolean =>
  NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix)) || isExtendedRequest(name);

/** `requests.example.com/gpu`. */
const isExtendedRequest = (name: string): boolean =>
  name.startsWith("requests.") && name.includes("/") && !name.includes("kubernetes.io/");

/** `must specify limits.cpu for: a,b; limits.memory for: b`. */
function lacking(names: readonly string[], { spec }: Pod): string | undefined {
  const demanded = DEMANDED.filter((name) => names.includes(name)).sort();
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const problems = demanded.flatMap((name) => {
    const without = containers.filter(
      ({ resources }) => !(name in namedUsage(resources?.requests ?? {}, resources?.limits ?? {})),
    );
    if (without.length === 0) return [];
    return [`${name} for: ${[...new Set(without.map((one) => one.name))].sort().join(",")}`];
  });
  return problems.length === 0 ? undefined : `must specify ${problems.join("; ")}`;
}
