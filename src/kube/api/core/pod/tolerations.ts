import { jsonEquals } from "../../../../formats/index.ts";
import type { Taint, Toleration } from "../../generated/types.ts";

/** Whether the toleration bears the taint (upstream's Toleration.ToleratesTaint). */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (toleration.operator === "Exists") return true;
  return Boolean(toleration.key) && (toleration.value ?? "") === (taint.value ?? "");
}

/** The first of the taints of these effects that none of the tolerations bears. */
export function untoleratedTaint(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  effects: readonly string[],
): Taint | undefined {
  return taints.find(
    (taint) =>
      effects.includes(taint.effect) && !tolerations.some((toleration) => toleratesTaint(toleration, taint)),
  );
}

/** All of two lists, without those that another one makes needless (util/tolerations.MergeTolerations). */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [index, one] of all.entries()) {
    const isNeedless =
      merged.some((other) => toleratesAllOf(other, one)) ||
      all.slice(index + 1).some((other) => !jsonEquals(other, one) && toleratesAllOf(other, one));
    if (!isNeedless) merged.push(one);
  }
  return merged;
}

/** Whether one toleration bears all that the other bears (util/tolerations.isSuperset). */
export function toleratesAllOf(wide: Toleration, narrow: Toleration): boolean {
  if (jsonEquals(wide, narrow)) return true;
  const isOfAllKeys = !wide.key && wide.operator === "Exists";
  if ((wide.key ?? "") !== (narrow.key ?? "") && !isOfAllKeys) return false;
  if (wide.effect && wide.effect !== narrow.effect) return false;
  if (wide.effect === "NoExecute" && !lastsLonger(wide, narrow)) return false;
  if (wide.operator === "Exists") return true;
  return narrow.operator === "Equal" && (narrow.value ?? "") === (wide.value ?? "");
}

const lastsLonger = (wide: Toleration, narrow: Toleration): boolean =>
  wide.tolerationSeconds === undefined ||
  (narrow.tolerationSeconds !== undefined && narrow.tolerationSeconds <= wide.tolerationSeconds);
