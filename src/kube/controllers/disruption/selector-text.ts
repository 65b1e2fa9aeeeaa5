import type { LabelSelector } from "../../api/index.ts";

/** A selector as Go's generated String prints it: `&LabelSelector{MatchLabels:map[string]string{a: b,},…}`. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (!selector) return "nil";
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const labels = Object.keys(matchLabels).sort();
  const shownLabels = labels.map((key) => `${key}: ${matchLabels[key]},`).join("");
  const shownExpressions = matchExpressions.map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(" ")}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${shownLabels}},MatchExpressions:[]LabelSelectorRequirement{${shownExpressions.join("")}},}`;
}
