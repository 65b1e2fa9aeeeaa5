import { isLabelValue } from "../../../formats/index.ts";
import type { NodeSelectorTerm } from "../generated/types.ts";

const DEPRECATED: Record<string, string> = {
  "beta.kubernetes.io/arch": 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  "beta.kubernetes.io/os": 'deprecated since v1.14; use "kubernetes.io/os" instead',
  "failure-domain.beta.kubernetes.io/region":
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  "failure-domain.beta.kubernetes.io/zone":
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  "beta.kubernetes.io/instance-type":
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  "app.kubernetes.io/created-by": "deprecated since v1.9",
  "scheduler.alpha.kubernetes.io/preferAvoidPods":
    "deprecated since v1.22; use Taints and Tolerations instead",
  "node-role.kubernetes.io/master": 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What upstream says of a node's label that has another name today. */
export function nodeLabelDeprecation(key: string): string | undefined {
  return Object.hasOwn(DEPRECATED, key) ? DEPRECATED[key] : undefined;
}

/** Of terms that are only preferred, values that no label can have are warned of too. */
export function warningsOfNodeSelectorTerm(
  { matchExpressions = [] }: NodeSelectorTerm,
  path: string,
  isPreferred: boolean,
): string[] {
  return matchExpressions.flatMap(({ key, values = [] }, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const deprecation = nodeLabelDeprecation(key);
    return [
      ...(deprecation === undefined ? [] : [`${at}.key: ${key} is ${deprecation}`]),
      ...(isPreferred ? values : []).flatMap((value, valueIndex) =>
        isLabelValue(value).map((why) => `${at}.values[${valueIndex}]: ${value} is invalid, ${why}`),
      ),
    ];
  });
}
