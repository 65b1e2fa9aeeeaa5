import { compareQuantities } from "../../../../formats/index.ts";
import type { Container, PodSpec } from "../../generated/types.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const COMPUTE = ["cpu", "memory"] as const;

/** The class by which the kubelet decides who suffers first (component-helpers qos.ComputePodQOS). */
export function qosClassOf(spec: PodSpec): QosClass {
  const containers: Container[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const hasAny = containers.some(({ resources }) =>
    COMPUTE.some((name) => isPositive(resources?.requests?.[name]) || isPositive(resources?.limits?.[name])),
  );
  if (!hasAny) return "BestEffort";
  return containers.every(isGuaranteed) ? "Guaranteed" : "Burstable";
}

function isPositive(quantity: string | undefined): boolean {
  return quantity !== undefined && compareQuantities(quantity, "0") > 0;
}

function isGuaranteed({ resources }: Container): boolean {
  return COMPUTE.every((name) => {
    const limit = resources?.limits?.[name];
    if (!isPositive(limit)) return false;
    return compareQuantities(resources?.requests?.[name] ?? limit!, limit!) === 0;
  });
}
