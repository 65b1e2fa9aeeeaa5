import { newUid } from "../../../base/index.ts";
import type { LimitRange, LimitRangeItem } from "../generated/types.ts";
import type { KindDefinition } from "../types.ts";
import { validateLimits } from "./limit-range/validate.ts";
import { roundAmounts } from "./pod/defaults.ts";

export const limitRanges: KindDefinition<LimitRange> = {
  group: "",
  version: "v1",
  kind: "LimitRange",
  resource: "limitranges",
  singular: "limitrange",
  shortNames: ["limits"],
  namespaced: true,
  model: "io.k8s.api.core.v1.LimitRange",
  hasStatus: false,
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: true,
  tellsMetadataChangesOnce: true,
  defaults,
  validate: ({ spec }) => validateLimits(spec.limits ?? [], "spec.limits"),
  prepareForCreate,
  // Upstream prints it with the columns of all kinds.
  columns: [],
};

function defaults({ spec }: LimitRange): void {
  for (const limit of spec?.limits ?? []) {
    if (limit.type === "Container") setContainerDefaults(limit);
    const { max, min, default: limits, defaultRequest, maxLimitRequestRatio } = limit;
    for (const list of [max, min, limits, defaultRequest, maxLimitRequestRatio]) roundAmounts(list);
  }
}

/** What a container may have at the most is what it gets, and asks for, where nothing else is said. */
function setContainerDefaults(limit: LimitRangeItem): void {
  const limits = { ...limit.max, ...limit.default };
  const requests = { ...limit.min, ...limits, ...limit.defaultRequest };
  if (Object.keys(limits).length > 0) limit.default = limits;
  if (Object.keys(requests).length > 0) limit.defaultRequest = requests;
}

/** One without a name gets one that nobody else has. */
function prepareForCreate({ metadata }: LimitRange): void {
  metadata.name ||= newUid();
}
