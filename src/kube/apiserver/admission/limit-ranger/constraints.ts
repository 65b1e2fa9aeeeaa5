import {
  canonicalQuantity,
  compareQuantities,
  quantityMilliValue,
  type ResourceList,
} from "../../../../formats/index.ts";

/** What a container, a pod or a claim asks for. */
export interface Asked {
  requests: ResourceList;
  limits: ResourceList;
}

type Constraint = (asked: Asked, resource: string, bound: string, type: string) => string | undefined;

const exceeds = (amount: string | undefined, bound: string) =>
  amount !== undefined && compareQuantities(amount, bound) > 0;
const isBelow = (amount: string | undefined, bound: string) =>
  amount !== undefined && compareQuantities(amount, bound) < 0;
const text = canonicalQuantity;

/** Each constraint answers with what is wrong (plugin LimitRanger). `type` is that of the limit: `Container`, `Pod`, … */
export const minimum: Constraint = ({ requests, limits }, resource, bound, type) => {
  const head = `minimum ${resource} usage per ${type} is ${text(bound)}`;
  const [request, limit] = [requests[resource], limits[resource]];
  if (request === undefined) return `${head}.  No request is specified`;
  if (isBelow(request, bound)) return `${head}, but request is ${text(request)}`;
  return isBelow(limit, bound) ? `${head}, but limit is ${text(limit!)}` : undefined;
};

export const maximum: Constraint = ({ requests, limits }, resource, bound, type) => {
  const head = `maximum ${resource} usage per ${type} is ${text(bound)}`;
  const [request, limit] = [requests[resource], limits[resource]];
  if (limit === undefined) return `${head}.  No limit is specified`;
  if (exceeds(limit, bound)) return `${head}, but limit is ${text(limit)}`;
  return exceeds(request, bound) ? `${head}, but request is ${text(request!)}` : undefined;
};

/** Of what has no limits: claims. */
export const maximumRequest: Constraint = ({ requests }, resource, bound, type) => {
  const head = `maximum ${resource} usage per ${type} is ${text(bound)}`;
  const request = requests[resource];
  if (request === undefined) return `${head}.  No request is specified`;
  return exceeds(request, bound) ? `${head}, but request is ${text(request)}` : undefined;
};

export const maximumRatio: Constraint = ({ requests, limits }, resource, bound, type) => {
  const head = `${resource} max limit to request ratio per ${type} is ${text(bound)}`;
  const request = quantityMilliValue(requests[resource] ?? "0");
  if (request === 0) return `${head}, but no request is specified or request is 0`;
  const limit = quantityMilliValue(limits[resource] ?? "0");
  if (limit === 0) return `${head}, but no limit is specified or limit is 0`;
  const ratio = limit / request;
  return ratio * 1000 > quantityMilliValue(bound)
    ? `${head}, but provided ratio is ${ratio.toFixed(6)}`
    : undefined;
};

/** What is wrong with all the bounds of one kind, in the order of their resources. */
export function problemsWith(
  constraint: Constraint,
  asked: Asked,
  bounds: ResourceList | undefined,
  type: string,
): string[] {
  return Object.keys(bounds ?? {})
    .sort()
    .flatMap((resource) => constraint(asked, resource, bounds![resource]!, type) ?? []);
}
