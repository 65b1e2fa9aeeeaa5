import { type Container, containersOf, type EphemeralContainer, type PodSpec } from "../../../api/index.ts";

/** A pod, or the template of one. */
export interface CheckedPod {
  metadata: { annotations?: Record<string, string> };
  spec: PodSpec;
}

export interface Violation {
  /** In few words, of no pod in particular. */
  reason: string;
  /** What in this pod; may be empty. */
  detail: string;
}

export type PodRule = (pod: CheckedPod) => Violation | undefined;

/** One thing that a level forbids or demands (pod-security-admission policy.Check). */
export interface Check {
  id: string;
  /** Revisions, oldest first, each from the version 1.`since` on. */
  rules: readonly { since: number; rule: PodRule }[];
  /** The baseline check that this one makes needless. */
  overrides?: string;
}

type AnyContainer = Container | EphemeralContainer;

/** In the order in which they are told. */
export const containers = (spec: PodSpec): AnyContainer[] => containersOf(spec, "").map(([one]) => one);

/** Names of the containers that something holds for. */
export const namesOf = (spec: PodSpec, holds: (container: AnyContainer) => boolean): string[] =>
  containers(spec)
    .filter(holds)
    .map(({ name }) => name);

/** `"a", "b"`. */
export const quoted = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(", ");

export const counted = (noun: string, { length }: readonly string[]): string =>
  length === 1 ? noun : `${noun}s`;

/** `container "a"`, `containers "a", "b"`. */
export const named = (noun: string, names: readonly string[]): string =>
  `${counted(noun, names)} ${quoted(names)}`;

/** `pod`, `container "a"`, `pod and containers "a", "b"`; empty where nobody set it. */
export function setters(podSetsIt: boolean, containerNames: readonly string[]): string {
  const byContainers = containerNames.length > 0 ? [named("container", containerNames)] : [];
  return [...(podSetsIt ? ["pod"] : []), ...byContainers].join(" and ");
}

/** Each once, in order. */
export const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort();

/** What Linux alone knows is not asked of Windows pods: their validation refuses it. */
export const exceptOnWindows =
  (rule: PodRule): PodRule =>
  (pod) =>
    pod.spec.os?.name === "windows" ? undefined : rule(pod);
