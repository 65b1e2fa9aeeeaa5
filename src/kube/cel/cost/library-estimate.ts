import { REGEX_LENGTH, TRAVERSAL } from "../runtime/cost-factors.ts";
import { isExactType } from "../types/cel-type.ts";
import { type Bounds, exactly, ONE, plus, scaled, times, UNBOUNDED, UNKNOWN_SIZE, ZERO } from "./bounds.ts";
import type { EstimatedCall } from "./call-estimate.ts";
import type { CallEstimate, EstimatedNode, SizeEstimator } from "./estimated-node.ts";

// Kubernetes' estimates (apiserver, pkg/cel/library/cost.go), by function. What looks odd there is kept: rules are
// admitted or refused by it.

type SizeOf = (node: EstimatedNode | undefined) => Bounds;
type Estimate = (call: EstimatedCall, sizeOf: SizeOf) => CallEstimate | undefined;

const AUTHORIZATION_CHECK = 350_000;
const SELECTOR_BASE = 10;
const REQUIREMENTS_PER_CHARACTER = 0.5;
const COST_PER_REQUIREMENT = 50;
/** The longest pattern of a named format. */
const MAX_FORMAT_PATTERN = 128;
const MAX_FORMAT_SIZE = 64;
const ADDRESS_BYTES: Bounds = { min: 4, max: 16 };

const nominal: Estimate = () => ({ cost: ONE });

const traverseArg: Estimate = ({ args }, sizeOf) => {
  const size = sizeOf(args[0]);
  return { cost: scaled(size, TRAVERSAL), size };
};

const traverseTarget: Estimate = ({ target }, sizeOf) => {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  return { cost: scaled(size, TRAVERSAL), size };
};

const parseArg: Estimate = ({ args }, sizeOf) => ({ cost: scaled(sizeOf(args[0]), TRAVERSAL) });

const selector: Estimate = ({ args }, sizeOf) => {
  if (args.length !== 1) return undefined;
  const length = sizeOf(args[0]);
  const requirements = scaled(scaled(length, REQUIREMENTS_PER_CHARACTER), COST_PER_REQUIREMENT);
  return { cost: plus(exactly(SELECTOR_BASE), scaled(length, TRAVERSAL), requirements) };
};

/** One comparison for each element, and going through texts. */
const overList: Estimate = ({ target }, sizeOf) => {
  if (target === undefined) return undefined;
  const element = elementNode(target);
  if (element === undefined) return { cost: scaled(sizeOf(target), TRAVERSAL) };
  const isText = element.type.kind === "string" || element.type.kind === "bytes";
  const each = isText ? plus(ONE, scaled(sizeOf(element), TRAVERSAL)) : ONE;
  return { cost: times(sizeOf(target), each) };
};

function elementNode({ type, path }: EstimatedNode): EstimatedNode | undefined {
  const element = type.parameters[0];
  return element && { type: element, path: path.length === 0 ? [] : [...path, "@items"] };
}

const replace: Estimate = ({ target, args }, sizeOf) => {
  if (target === undefined || args.length < 2) return undefined;
  const size = sizeOf(target);
  const [replaced, replacement] = [sizeOf(args[0]), sizeOf(args[1])];
  const longest = longestReplacement(size.max, replaced.min, replacement.max);
  const shortest = shortestReplacement(size.min, replaced.max, replacement.min);
  const result = {
    min: Math.min(UNBOUNDED, shortest.count * replacement.min + shortest.retained),
    max: Math.min(UNBOUNDED, longest.count * replacement.max + longest.retained),
  };
  return { cost: scaled(size, 2 * TRAVERSAL), size: result };
};

function longestReplacement(size: number, replaced: number, replacement: number) {
  if (replaced === 0) return { count: size < UNBOUNDED ? size + 1 : size, retained: size };
  if (replacement <= replaced) return { count: 0, retained: size };
  return { count: Math.ceil(size / replaced), retained: 0 };
}

function shortestReplacement(size: number, replaced: number, replacement: number) {
  if (replaced === 0) return { count: size < UNBOUNDED ? size + 1 : size, retained: size };
  if (replaced <= replacement) return { count: 0, retained: size };
  return { count: Math.ceil(size / replaced), retained: 0 };
}

const split: Estimate = ({ target, args }, sizeOf) => {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  const limit = args[1]?.expr;
  const isLimited = limit?.kind === "literal" && typeof limit.value === "bigint";
  // A negative limit wraps around upstream: there is none then.
  const max = isLimited ? Number(BigInt.asUintN(64, limit.value as bigint)) : size.max;
  return { cost: scaled(size, 2 * TRAVERSAL), size: { min: 0, max } };
};

const join: Estimate = ({ target, args }, sizeOf) => {
  if (target === undefined) return undefined;
  const count = sizeOf(target);
  const element = elementNode(target);
  let size = element === undefined ? ZERO : times(count, sizeOf(element));
  if (args.length > 0) {
    const separators = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) };
    size = plus(size, times(sizeOf(args[0]), separators));
  }
  return { cost: scaled(size, TRAVERSAL), size };
};

const find: Estimate = ({ target, args }, sizeOf) => {
  if (target === undefined) return undefined;
  const size = sizeOf(target);
  const text = scaled(plus(size, ONE), TRAVERSAL);
  const cost = times(text, scaled(sizeOf(args[0]), REGEX_LENGTH));
  return { cost, size: { min: 0, max: size.max } };
};

const ip: Estimate = ({ args, overloadId }, sizeOf) => {
  if (args.length === 0 || overloadId === "cidr_ip") return { cost: ONE };
  return { cost: scaled(sizeOf(args[0]), TRAVERSAL) };
};

const isCanonical: Estimate = ({ args }, sizeOf) => ({ cost: scaled(sizeOf(args[0]), 2 * TRAVERSAL) });

const ADDRESS_COMPARISON = scaled(plus(ADDRESS_BYTES, ADDRESS_BYTES), TRAVERSAL);

const containsIp: Estimate = ({ target, args, overloadId }, sizeOf) => {
  if (target === undefined) return undefined;
  const parsing = overloadId === "cidr_contains_ip_string" ? scaled(sizeOf(args[0]), TRAVERSAL) : ZERO;
  return { cost: plus(ADDRESS_COMPARISON, parsing) };
};

const containsCidr: Estimate = ({ target, args, overloadId }, sizeOf) => {
  if (target === undefined) return undefined;
  const parsing = overloadId === "cidr_contains_cidr_string" ? scaled(sizeOf(args[0]), TRAVERSAL) : ZERO;
  return { cost: plus(ADDRESS_COMPARISON, scaled(ADDRESS_BYTES, TRAVERSAL), ONE, parsing) };
};

const validate: Estimate = ({ target, args }, sizeOf) =>
  target && { cost: scaled(scaled(sizeOf(args[0]), TRAVERSAL), MAX_FORMAT_PATTERN * REGEX_LENGTH) };

const sets =
  (factor: number): Estimate =>
  ({ args }, sizeOf) => ({ cost: plus(scaled(times(sizeOf(args[0]), sizeOf(args[1])), factor), ONE) });

const UNIT_EQUALITY = new Set([
  ...["net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"],
  ...["kubernetes.authorization.Authorizer", "kubernetes.authorization.PathCheck"],
  ...["kubernetes.authorization.GroupCheck", "kubernetes.authorization.ResourceCheck"],
  "kubernetes.authorization.Decision",
]);

/** Equality of two objects of one library. */
const equality: Estimate = ({ args }) => {
  const [left, right] = args as [EstimatedNode, EstimatedNode];
  if (!isExactType(left.type, right.type)) return undefined;
  if (UNIT_EQUALITY.has(left.type.name)) return { cost: ONE };
  if (left.type.name === "kubernetes.NamedFormat")
    return { cost: scaled({ min: 1, max: MAX_FORMAT_SIZE }, TRAVERSAL) };
  if (left.type.name !== "kubernetes.URL") return undefined;
  return { cost: scaled({ min: 1, max: right.size?.max ?? 1 }, TRAVERSAL) };
};

function each(names: readonly string[], estimate: Estimate): Record<string, Estimate> {
  return Object.fromEntries(names.map((name) => [name, estimate]));
}

const ESTIMATES: Record<string, Estimate> = {
  check: () => ({ cost: exactly(AUTHORIZATION_CHECK) }),
  ...each(["serviceAccount", "path", "group", "resource", "subresource", "namespace", "name"], nominal),
  ...each(["allowed", "reason", "error", "errored"], nominal),
  ...each(["fieldSelector", "labelSelector"], selector),
  ...each(["isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"], overList),
  ...each(["url", "jsonpatch.escapeKey"], traverseArg),
  ...each(["lowerAscii", "upperAscii", "substring", "trim"], traverseTarget),
  replace,
  split,
  join,
  ...each(["find", "findAll"], find),
  ...each(["cidr", "isIP", "isCIDR", "quantity", "isQuantity", "semver", "isSemver"], parseArg),
  ip,
  "ip.isCanonical": isCanonical,
  ...each(["masked", "prefixLength", "family", "isUnspecified", "isLoopback"], nominal),
  ...each(["isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast"], nominal),
  containsIP: containsIp,
  containsCIDR: containsCidr,
  validate,
  "format.named": nominal,
  ...each(["sign", "asInteger", "isInteger", "asApproximateFloat", "isGreaterThan", "isLessThan"], nominal),
  ...each(["compareTo", "add", "sub", "major", "minor", "patch"], nominal),
  ...each(["getScheme", "getHostname", "getHost", "getPort", "getEscapedPath", "getQuery"], nominal),
  "_==_": equality,
  "sets.contains": sets(1),
  "sets.intersects": sets(1),
  "sets.equivalent": sets(2),
};

/** What a call of a Kubernetes library costs by itself; undefined where the language's own rules hold. */
export function libraryCallEstimate(call: EstimatedCall, estimator: SizeEstimator): CallEstimate | undefined {
  const sizeOf: SizeOf = (node) => node?.size ?? (node && estimator(node)) ?? UNKNOWN_SIZE;
  return ESTIMATES[call.function]?.(call, sizeOf);
}
