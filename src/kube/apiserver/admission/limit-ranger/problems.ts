import {
  type Container,
  type KubeObject,
  type LimitRange,
  type LimitRangeItem,
  limitsOf,
  type PodSpec,
  requestsOf,
  totalOfContainers,
} from "../../../api/index.ts";
import { type Asked, maximum, maximumRatio, maximumRequest, minimum, problemsWith } from "./constraints.ts";

/** What of a pod goes against a limit range. */
export function problemsOfPod({ spec }: KubeObject, { spec: limits }: LimitRange): string[] {
  return (limits.limits ?? []).flatMap((limit) =>
    askedBy(spec as PodSpec, limit.type).flatMap((asked) => [
      ...problemsWith(minimum, asked, limit.min, limit.type),
      ...problemsWith(maximum, asked, limit.max, limit.type),
      ...problemsWith(maximumRatio, asked, limit.maxLimitRequestRatio, limit.type),
    ]),
  );
}

/** Whom a limit of a type speaks of: each container, or all of them together. */
function askedBy(spec: PodSpec, type: LimitRangeItem["type"]): Asked[] {
  if (type === "Container") return [...spec.containers, ...(spec.initContainers ?? [])].map(askedByOne);
  if (type !== "Pod") return [];
  return [{ requests: totalOfContainers(spec, requestsOf), limits: totalOfContainers(spec, limitsOf) }];
}

const askedByOne = (container: Container): Asked => ({
  requests: requestsOf(container) ?? {},
  limits: limitsOf(container) ?? {},
});

export function problemsOfClaim({ spec }: KubeObject, { spec: limits }: LimitRange): string[] {
  const asked: Asked = { requests: spec.resources?.requests ?? {}, limits: {} };
  return (limits.limits ?? [])
    .filter(({ type }) => type === "PersistentVolumeClaim")
    .flatMap(({ type, min, max }) => [
      ...problemsWith(minimum, asked, min, type),
      ...problemsWith(maximumRequest, asked, max, type),
    ]);
}
