import type { LabelSelectorObject } from "../../../formats/index.ts";

/** How a pointer to a LabelSelector prints itself (its generated String method). */
export function labelSelectorText(selector: LabelSelectorObject | undefined): string {
  if (selector === undefined) return "nil";
  const labels = Object.entries(selector.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const pairs = labels.map(([key, value]) => `${key}: ${value},`).join("");
  const requirements = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator ?? ""},Values:[${values.join(" ")}],},`,
  );
  const list = `[]LabelSelectorRequirement{${requirements.join("")}}`;
  return `&LabelSelector{MatchLabels:map[string]string{${pairs}},MatchExpressions:${list},}`;
}
