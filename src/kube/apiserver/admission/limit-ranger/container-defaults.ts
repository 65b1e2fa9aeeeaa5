import type { ResourceList } from "../../../../formats/index.ts";
import type { Container, KubeObject, LimitRange, PodSpec } from "../../../api/index.ts";

const ANNOTATION = "kubernetes.io/limit-ranger";

/** Gives a pod's containers what a limit range has for those that name no amount, and writes down what that was. */
export function setContainerDefaults(pod: KubeObject, { spec }: LimitRange): void {
  const ofContainers = (spec.limits ?? []).filter(({ type }) => type === "Container");
  const requests: ResourceList = Object.assign(
    {},
    ...ofContainers.map(({ defaultRequest }) => defaultRequest),
  );
  const limits: ResourceList = Object.assign({}, ...ofContainers.map((limit) => limit.default));
  // Not validated yet.
  const { containers = [], initContainers = [] } = pod.spec as Partial<PodSpec>;
  const told = [
    ...containers.flatMap((one) => setMissing(one, { requests, limits }, "container")),
    ...initContainers.flatMap((one) => setMissing(one, { requests, limits }, "init container")),
  ];
  if (told.length === 0) return;
  const text = `LimitRanger plugin set: ${told.join("; ")}`;
  pod.metadata.annotations = { ...pod.metadata.annotations, [ANNOTATION]: text };
}

/** Answers with `cpu, memory request for container c`. */
function setMissing(
  container: Container,
  defaults: Record<"requests" | "limits", ResourceList>,
  what: string,
): string[] {
  return (["requests", "limits"] as const).flatMap((field) => {
    const present = container.resources?.[field] ?? {};
    const missing = Object.keys(defaults[field]).filter((name) => !(name in present));
    if (missing.length === 0) return [];
    const added = Object.fromEntries(missing.map((name) => [name, defaults[field][name]!]));
    container.resources = { ...container.resources, [field]: { ...present, ...added } };
    return [`${missing.sort().join(", ")} ${field.slice(0, -1)} for ${what} ${container.name ?? ""}`];
  });
}
