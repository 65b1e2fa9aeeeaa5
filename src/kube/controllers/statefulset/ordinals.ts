import type { StatefulSet } from "../../api/index.ts";

const STATEFUL_NAME = /^(.*)-(\d+)$/s;
const MAX_INT32 = 2 ** 31 - 1;

/** The set's name and the number that a pod's name is made of; -1 when it has none. */
export function partsOf(podName: string): { parent: string; ordinal: number } {
  const [, parent = "", digits = ""] = STATEFUL_NAME.exec(podName) ?? [];
  const ordinal = digits === "" ? -1 : Number(digits);
  return { parent, ordinal: ordinal > MAX_INT32 ? -1 : ordinal };
}

export const ordinalOf = ({ metadata }: { metadata: { name: string } }): number =>
  partsOf(metadata.name).ordinal;

/** The first number of the set's pods. */
export const startOf = ({ spec }: StatefulSet): number => spec.ordinals?.start ?? 0;

/** All numbers that the set's pods have. */
export function ordinalsOf(set: StatefulSet): number[] {
  return Array.from({ length: set.spec.replicas ?? 1 }, (_, index) => startOf(set) + index);
}

export function isWanted(set: StatefulSet, ordinal: number): boolean {
  return ordinal >= startOf(set) && ordinal < startOf(set) + (set.spec.replicas ?? 1);
}

export const podNameOf = ({ metadata }: StatefulSet, ordinal: number): string =>
  `${metadata.name}-${ordinal}`;
