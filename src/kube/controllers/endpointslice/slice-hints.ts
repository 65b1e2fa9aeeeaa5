import { jsonEquals } from "../../../formats/index.ts";
import type { Endpoint, Service } from "../../api/index.ts";
import type { SliceEndpoint } from "./endpoints-of.ts";
import type { SliceContent, SlicePlan } from "./plan.ts";
import { type ZoneShare, zoneShares, zoneTransfers } from "./zone-shares.ts";

export type HintMode = "none" | "close" | "auto";

const OLD_TOPOLOGY = "service.kubernetes.io/topology-aware-hints";
const TOPOLOGY = "service.kubernetes.io/topology-mode";

/** The annotation wins over `trafficDistribution` (endpointslice reconciler.go). */
export function hintMode({ metadata, spec }: Service): HintMode {
  const { annotations = {} } = metadata;
  const asked = annotations[OLD_TOPOLOGY] ?? annotations[TOPOLOGY];
  if (asked === "Auto" || asked === "auto") return "auto";
  return spec.trafficDistribution === "PreferClose" ? "close" : "none";
}

/**
 * Adds hints to what the plan writes, and to the plan those slices whose hints alone are to change. What says why hints by share
 * (`auto`) cannot be given is returned; there are none then.
 */
export function planHints(
  plan: SlicePlan,
  mode: HintMode,
  ratios: ReadonlyMap<string, number> | undefined,
): string | undefined {
  if (mode === "close") {
    alignAll(plan, (endpoint) => endpoint.zone);
    return undefined;
  }
  if (mode === "auto") {
    const why = shareOut(plan, ratios);
    if (why === undefined) return undefined;
    alignAll(plan, () => undefined);
    return why;
  }
  alignAll(plan, () => undefined);
  return undefined;
}

type Hinted = SliceEndpoint & Pick<Endpoint, "hints">;

const hintFor = (zone: string | undefined) => (zone ? { hints: { forZones: [{ name: zone }] } } : {});

/** Hints that an endpoint has by itself. */
function alignAll(plan: SlicePlan, zoneOf: (endpoint: SliceEndpoint) => string | undefined): void {
  const hinted = (content: SliceContent): SliceContent => ({
    ...content,
    endpoints: content.endpoints.map((one) => ({
      ...one,
      ...hintFor(one.conditions.ready ? zoneOf(one) : ""),
    })),
  });
  const kept = plan.keep.splice(0);
  for (const entry of kept) {
    const next = hinted(entry.content).endpoints as Hinted[];
    const hints = hintsOf(entry.slice.endpoints ?? []);
    const isRight = next.every((one) => jsonEquals(hints.get(idOf(one)) ?? null, one.hints ?? null));
    (isRight ? plan.keep : plan.update).push(entry);
  }
  plan.create = plan.create.map(hinted);
  plan.update = plan.update.map(({ slice, content }) => ({ slice, content: hinted(content) }));
}

/** Hints that follow the zones' shares of all CPUs (topologycache AddHints); why not, where that cannot be. */
function shareOut(plan: SlicePlan, ratios: ReadonlyMap<string, number> | undefined): string | undefined {
  const contents = [...plan.create, ...[...plan.update, ...plan.keep].map(({ content }) => content)];
  const ready = contents.flatMap(({ endpoints }) => endpoints).filter(({ conditions }) => conditions.ready);
  const shares = zoneShares(ratios, ready.length);
  if (typeof shares === "string") return shares;
  const counts = new Map<string, number>();
  const kept = plan.keep.splice(0);
  for (const entry of kept) {
    const found = validHints(entry.slice.endpoints ?? [], counts, shares);
    (found ? plan.keep : plan.update).push(entry);
    for (const [zone, count] of found ?? []) counts.set(zone, (counts.get(zone) ?? 0) + count);
  }
  const written = [...plan.create, ...plan.update.map(({ content }) => content)];
  const zones = new Map<SliceEndpoint, string>();
  for (const one of written.flatMap(({ endpoints }) => endpoints)) {
    if (!one.conditions.ready) continue;
    if (!one.zone) {
      plan.update.push(...plan.keep.splice(0));
      return "One or more endpoints do not have a zone specified";
    }
    zones.set(one, one.zone);
    counts.set(one.zone, (counts.get(one.zone) ?? 0) + 1);
  }
  const { giving, receiving } = zoneTransfers(shares, counts);
  for (const [one, zone] of zones) {
    const receiver = [...receiving].find(([, count]) => count > 0)?.[0];
    const left = giving.get(zone) ?? 0;
    if (receiver === undefined || left === 0) continue;
    zones.set(one, receiver);
    giving.set(zone, left - 1);
    receiving.set(receiver, receiving.get(receiver)! - 1);
  }
  const hinted = ({ endpoints, ...rest }: SliceContent): SliceContent => ({
    ...rest,
    endpoints: endpoints.map((one) => ({ ...one, ...hintFor(zones.get(one)) })),
  });
  plan.create = plan.create.map(hinted);
  plan.update = plan.update.map(({ slice, content }) => ({ slice, content: hinted(content) }));
  return undefined;
}

/** The hints of a slice by zone, if it can stay as it is beside those counted already. */
function validHints(
  endpoints: readonly Endpoint[],
  counted: ReadonlyMap<string, number>,
  shares: ReadonlyMap<string, ZoneShare>,
): Map<string, number> | undefined {
  const found = new Map<string, number>();
  for (const { conditions, hints } of endpoints) {
    if (conditions?.ready !== true) continue;
    if (!hints?.forZones?.length) return undefined;
    for (const { name } of hints.forZones) found.set(name, (found.get(name) ?? 0) + 1);
  }
  const fits = ([zone, count]: [string, number]) =>
    count + (counted.get(zone) ?? 0) <= (shares.get(zone)?.maximum ?? -1);
  return [...found].every(fits) ? found : undefined;
}

const idOf = (endpoint: Endpoint | SliceEndpoint) => endpoint.targetRef?.uid ?? endpoint.addresses[0]!;

function hintsOf(endpoints: readonly Endpoint[]): Map<string, Endpoint["hints"]> {
  return new Map(endpoints.map((one) => [idOf(one), one.hints]));
}
