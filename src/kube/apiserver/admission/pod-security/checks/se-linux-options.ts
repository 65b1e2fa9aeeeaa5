import type { SELinuxOptions } from "../../../../api/index.ts";
import {
  type Check,
  type CheckedPod,
  containers,
  named,
  namesOf,
  type PodRule,
  setters,
  sorted,
  type Violation,
} from "../check.ts";

const TYPES = ["", "container_t", "container_init_t", "container_kvm_t"];

/** Only the types that confine containers, and no user or role. */
export const seLinuxOptions: Check = {
  id: "seLinuxOptions",
  rules: [
    { since: 0, rule: allowing(TYPES) },
    { since: 31, rule: allowing([...TYPES, "container_engine_t"]) },
  ],
};

function allowing(types: string[]): PodRule {
  const isBad = (options: SELinuxOptions | undefined) =>
    options !== undefined && (!types.includes(options.type ?? "") || !!options.user || !!options.role);
  return (pod) => violationOf(pod, types, isBad);
}

function violationOf(
  { spec }: CheckedPod,
  types: string[],
  isBad: (options: SELinuxOptions | undefined) => boolean,
): Violation | undefined {
  const who = setters(
    isBad(spec.securityContext?.seLinuxOptions),
    namesOf(spec, ({ securityContext }) => isBad(securityContext?.seLinuxOptions)),
  );
  if (who === "") return undefined;
  const all = [spec, ...containers(spec)].flatMap(
    ({ securityContext }) => securityContext?.seLinuxOptions ?? [],
  );
  const badTypes = sorted(all.map(({ type }) => type ?? "").filter((type) => !types.includes(type)));
  const what = [
    ...(badTypes.length > 0 ? [named("type", badTypes)] : []),
    ...(["user", "role"] as const)
      .filter((field) => all.some((options) => options[field]))
      .map((field) => `${field} may not be set`),
  ];
  return {
    reason: "seLinuxOptions",
    detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join("; ")}`,
  };
}
