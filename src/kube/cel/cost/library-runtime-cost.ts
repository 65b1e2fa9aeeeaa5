import { Buffer } from "node:buffer";
import { actualSize } from "../runtime/actual-size.ts";
import { REGEX_LENGTH, TRAVERSAL } from "../runtime/cost-factors.ts";
import { CelList, CelMap, CelObject, type Result } from "../values/value.ts";

type Cost = (args: readonly Result[], result: Result, overloadId: string) => number | undefined;

/** A check is dear, so that one expression can make two. */
const AUTHORIZATION_CHECK = 350_000;
const SELECTOR_BASE = 10;
const REQUIREMENTS_PER_CHARACTER = 0.5;
const COST_PER_REQUIREMENT = 50;

const nominal: Cost = () => 1;
const traversal: Cost = ([text]) => traverse(text!);
const doubleTraversal: Cost = ([text]) => Math.ceil(actualSize(text!) * 2 * TRAVERSAL);
const traverse = (value: Result) => Math.ceil(actualSize(value) * TRAVERSAL);

/** What parsing a selector of a length costs. */
export function selectorCost(length: number): number {
  const requirements = Math.ceil(length * REQUIREMENTS_PER_CHARACTER);
  return SELECTOR_BASE + Math.ceil(length * TRAVERSAL) + Math.ceil(requirements * COST_PER_REQUIREMENT);
}

const containsIp: Cost = ([cidr, other], _result, overloadId) => {
  const comparison = Math.ceil(2 * actualSize(cidr!) * TRAVERSAL);
  return comparison + (overloadId === "cidr_contains_ip_string" ? traverse(other!) : 0);
};

const containsCidr: Cost = ([cidr, other], _result, overloadId) => {
  const size = actualSize(cidr!);
  const comparison = Math.ceil(2 * size * TRAVERSAL) + Math.ceil(size * TRAVERSAL) + 1;
  return comparison + (overloadId === "cidr_contains_cidr_string" ? traverse(other!) : 0);
};

const patternSearch: Cost = ([text, pattern]) =>
  Math.ceil((1 + actualSize(text!)) * TRAVERSAL) * Math.ceil(actualSize(pattern!) * REGEX_LENGTH);

const validateFormat: Cost = ([format, text]) => {
  if (!(format instanceof CelObject) || format.patternSize === undefined) return undefined;
  return Math.ceil((1 + actualSize(text!)) * TRAVERSAL) * Math.ceil(format.patternSize * REGEX_LENGTH);
};

/** Equality of objects that libraries give out. */
const objectEquality: Cost = ([left]) => (left instanceof CelObject ? 1 : undefined);

const setComparison = (factor: number): Cost => {
  return ([left, right]) => 1 + actualSize(left!) * actualSize(right!) * factor;
};

/** Kubernetes' costs (apiserver, pkg/cel/library/cost.go) by function. */
const COSTS: Record<string, Cost> = {
  check: () => AUTHORIZATION_CHECK,
  ...each(
    [
      "serviceAccount",
      "path",
      "group",
      "resource",
      "subresource",
      "namespace",
      "name",
      "allowed",
      "reason",
      "error",
      "errored",
    ],
    nominal,
  ),
  ...each(["fieldSelector", "labelSelector"], ([, selector]) =>
    selector === undefined ? undefined : selectorCost(actualSize(selector)),
  ),
  ...each(["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"], ([list]) => treeCost(list!)),
  ...each(["url", "lowerAscii", "upperAscii", "substring", "trim", "jsonpatch.escapeKey"], traversal),
  ...each(["replace", "split", "ip.isCanonical"], doubleTraversal),
  join: (_args, result) => Math.ceil(actualSize(result) * 2 * TRAVERSAL),
  ...each(["find", "findAll"], patternSearch),
  ...each(["cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"], traversal),
  ip: (args, result, overloadId) => (overloadId === "cidr_ip" ? 1 : traversal(args, result, overloadId)),
  ...each(["masked", "prefixLength", "family", "isUnspecified", "isLoopback"], nominal),
  ...each(["isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast"], nominal),
  containsIP: containsIp,
  containsCIDR: containsCidr,
  validate: validateFormat,
  "format.named": nominal,
  ...each(["sign", "asInteger", "isInteger", "asApproximateFloat", "isGreaterThan", "isLessThan"], nominal),
  ...each(["compareTo", "add", "sub", "major", "minor", "patch"], nominal),
  ...each(["getScheme", "getHostname", "getHost", "getPort", "getEscapedPath", "getQuery"], nominal),
  "_==_": objectEquality,
  "sets.contains": setComparison(1),
  "sets.intersects": setComparison(1),
  "sets.equivalent": setComparison(2),
};

function each(names: readonly string[], cost: Cost): Record<string, Cost> {
  return Object.fromEntries(names.map((name) => [name, cost]));
}

/** What going through a value and all within it costs. */
function treeCost(value: Result): number {
  if (typeof value === "string") return Math.trunc(Buffer.byteLength(value) * TRAVERSAL);
  if (value instanceof Uint8Array) return Math.trunc(value.length * TRAVERSAL);
  if (value instanceof CelList) return sumOf(value);
  if (value instanceof CelMap) return sumOf(entriesOf(value));
  return 1;
}

function sumOf(values: Iterable<Result>): number {
  let cost = 0;
  for (const value of values) cost += treeCost(value);
  return cost;
}

function* entriesOf(map: CelMap): Generator<Result> {
  for (const key of map.keys()) {
    yield key;
    const value = map.find(key);
    if (value !== undefined) yield value;
  }
}

/** What a call of a Kubernetes library costs; undefined where the language's own rules hold. */
export function libraryCallCost(
  functionName: string,
  overloadId: string,
  args: readonly Result[],
  result: Result,
): number | undefined {
  return COSTS[functionName]?.(args, result, overloadId);
}
