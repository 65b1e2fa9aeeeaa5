import { parseGoDuration } from "../../../formats/index.ts";
import type { RequestMatch, RouteRule } from "../../../reverse-proxy/index.ts";
import type { BackendReference } from "../routes/contribution.ts";
import { type Verdict, verdict } from "./conditions.ts";
import type { RouteKind } from "./gateway-kinds.ts";
import type { GatewayLookup } from "./gateway-lookup.ts";
import type {
  GrpcRoute,
  GrpcRouteRule,
  HttpRoute,
  HttpRouteRule,
  Route,
  RouteBackendReference,
  TlsRoute,
} from "./gateway-types.ts";
import { RouteBackends } from "./route-backends.ts";
import { type RuleProblem, routeFilters } from "./route-filters.ts";
import { grpcMatches, httpMatches } from "./route-matches.ts";

export interface RouteTranslation {
  readonly rules: readonly RouteRule[];
  readonly backends: readonly BackendReference[];
  /** Of the route, wherever it attaches. */
  readonly resolved: Verdict;
  /** Absent: all its rules are in force. Otherwise why none is, or which are not. */
  readonly flaw?: Verdict;
  /** BackendTLSPolicies that it is under. */
  readonly policies: ReadonlySet<string>;
}

const NANOSECONDS_A_MS = 1_000_000;
const RETRY_CODES = [500, 502, 503, 504];

/** The rules of a route in the table's words. */
export function translateRoute(route: Route, kind: RouteKind, lookup: GatewayLookup): RouteTranslation {
  const backends = new RouteBackends(route, kind, lookup);
  const made = rulesOf(route, kind, backends);
  const { namespace, name } = route.metadata;
  const flaws = made.flatMap(({ flaw }) => flaw ?? []);
  const rules = made.flatMap(({ matches, rest }, index) => {
    const called = `${kind.toLowerCase()}/${namespace}/${name}/${index}`;
    return matches.map((match) => ({ name: called, match, ...rest }));
  });
  const flaw = flawOf(flaws, made.length);
  return {
    rules,
    backends: [...backends.references.values()],
    resolved: backends.resolved,
    policies: backends.policies,
    ...(flaw ? { flaw } : {}),
  };
}

interface MadeRule {
  matches: readonly RequestMatch[];
  rest: Omit<RouteRule, "name" | "match">;
  flaw?: RuleProblem;
}

/** What cannot be done as it is said is not done otherwise: requests for it get no further. */
const REFUSED: MadeRule["rest"] = { filters: [{ type: "respond", status: 500 }], backends: [] };

function flawOf(flaws: readonly RuleProblem[], all: number): Verdict | undefined {
  const [first] = flaws;
  if (!first) return undefined;
  if (flaws.length === all) return verdict("Accepted", false, first.reason, first.message);
  return verdict("PartiallyInvalid", true, first.reason, `Dropped Rule: ${first.message}`);
}

function rulesOf(route: Route, kind: RouteKind, backends: RouteBackends): MadeRule[] {
  if (kind === "HTTPRoute")
    return (route as HttpRoute).spec.rules?.map((rule) => httpRule(rule, backends)) ?? [];
  if (kind === "GRPCRoute")
    return (route as GrpcRoute).spec.rules?.map((rule) => grpcRule(rule, backends)) ?? [];
  const matches: RequestMatch[] = [{ path: { type: "any", value: "" } }];
  return ((route as TlsRoute).spec.rules ?? []).map(({ backendRefs = [] }) => ({
    matches,
    rest: { filters: [], backends: backendRefs.map((one) => backends.weighted(one, [])) },
  }));
}

function httpRule(rule: HttpRouteRule, backends: RouteBackends): MadeRule {
  const made = commonRule(httpMatches(rule), rule, backends);
  if (made.flaw) return made;
  const { timeouts, retry } = rule;
  const requestMs = milliseconds(timeouts?.request);
  const backendMs = milliseconds(timeouts?.backendRequest);
  const bounds = { ...(requestMs ? { requestMs } : {}), ...(backendMs ? { backendMs } : {}) };
  const retries = retry && {
    attempts: retry.attempts ?? 1,
    codes: retry.codes ?? RETRY_CODES,
    backoffMs: milliseconds(retry.backoff) ?? 0,
  };
  return {
    matches: made.matches,
    rest: {
      ...made.rest,
      ...(requestMs || backendMs ? { timeouts: bounds } : {}),
      ...(retries ? { retries } : {}),
    },
  };
}

function grpcRule(rule: GrpcRouteRule, backends: RouteBackends): MadeRule {
  return commonRule(grpcMatches(rule), rule, backends);
}

function commonRule(
  matches: RequestMatch[] | RuleProblem,
  rule: Pick<HttpRouteRule, "filters" | "backendRefs">,
  backends: RouteBackends,
): MadeRule {
  if ("reason" in matches) return { matches: [], rest: REFUSED, flaw: matches };
  const filters = routeFilters(rule.filters, backends);
  if ("reason" in filters) return { matches, rest: REFUSED, flaw: filters };
  const referred = weightedBackends(rule.backendRefs, backends);
  if ("reason" in referred) return { matches, rest: REFUSED, flaw: referred };
  return { matches, rest: { filters, backends: referred } };
}

function weightedBackends(
  references: readonly RouteBackendReference[] = [],
  backends: RouteBackends,
): RouteRule["backends"] | RuleProblem {
  const made: RouteRule["backends"][number][] = [];
  for (const reference of references) {
    const filters = routeFilters(reference.filters, backends);
    if ("reason" in filters) return filters;
    made.push(backends.weighted(reference, filters));
  }
  return made;
}

/** GEP-2257, a part of Go's durations. Zero means none. */
function milliseconds(text: string | undefined): number | undefined {
  const found = text === undefined ? undefined : parseGoDuration(text);
  return found ? Math.ceil(found / NANOSECONDS_A_MS) : undefined;
}
