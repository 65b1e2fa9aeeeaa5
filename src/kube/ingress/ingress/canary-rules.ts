import type { RouteRule, ValueMatch, WeightedBackend } from "../../../reverse-proxy/index.ts";
import type { CanarySettings } from "../annotations/ingress-settings.ts";

/**
 * What becomes of a rule whose path a canary has, too, the most exact first: by header, by cookie, by weight (the order of
 * ingress-nginx). Everything but the backend stays that of the main rule.
 */
export function withCanary(rule: RouteRule, backend: string, canary: CanarySettings): RouteRule[] {
  const main = rule.backends;
  const aside: WeightedBackend[] = [{ backend, weight: 1 }];
  const when = (match: ValueMatch, backends: readonly WeightedBackend[], suffix: string): RouteRule => ({
    ...rule,
    name: `${rule.name}/${suffix}`,
    match: { ...rule.match, headers: [...(rule.match.headers ?? []), match] },
    backends,
  });
  return [
    ...byHeader(canary).map(([match, to]) => when(match, to === "canary" ? aside : main, to)),
    ...byCookie(canary).map(([match, to]) => when(match, to === "canary" ? aside : main, to)),
    { ...rule, backends: weighted(main, backend, canary) },
  ];
}

type Choice = [match: ValueMatch, to: "canary" | "main"];

function byHeader({ header: name, headerValue, headerPattern }: CanarySettings): Choice[] {
  if (name === undefined) return [];
  if (headerValue !== undefined) return [[{ name, type: "exact", value: headerValue }, "canary"]];
  if (headerPattern !== undefined) return [[{ name, type: "regex", value: headerPattern }, "canary"]];
  return [
    [{ name, type: "exact", value: "always" }, "canary"],
    [{ name, type: "exact", value: "never" }, "main"],
  ];
}

function byCookie({ cookie }: CanarySettings): Choice[] {
  if (cookie === undefined) return [];
  const saying = (value: string): ValueMatch => ({
    name: "cookie",
    type: "regex",
    value: `(^|;\\s*)${cookie}=${value}(;|$)`,
  });
  return [
    [saying("always"), "canary"],
    [saying("never"), "main"],
  ];
}

function weighted(
  main: readonly WeightedBackend[],
  backend: string,
  { weight, weightTotal }: CanarySettings,
): WeightedBackend[] {
  if (weight === 0) return [...main];
  const rest = main.map((one) => ({ ...one, weight: weightTotal - weight }));
  return [...rest, { backend, weight }];
}
