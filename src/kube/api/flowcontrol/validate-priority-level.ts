import { jsonEquals } from "../../../formats/index.ts";
import { forbidden, invalid, notSupported, required } from "../field-error.ts";
import type {
  ExemptPriorityLevelConfiguration,
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
} from "../generated/types.ts";
import type { FieldError } from "../types.ts";
import { mandatoryPriorityLevel } from "./bootstrap-objects.ts";
import { goPriorityLevelSpec } from "./go-flow-control.ts";

const EXEMPT = "exempt";
/** Belongs to v1beta3, where 0 shares could not be told from none. */
const ZERO_SHARES_ANNOTATION = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";

export function validatePriorityLevel({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const { name, annotations = {} } = metadata;
  const errors: FieldError[] = [];
  if (Object.hasOwn(annotations, ZERO_SHARES_ANNOTATION))
    errors.push(forbidden("metadata.annotations", `annotation '${ZERO_SHARES_ANNOTATION}' is forbidden`));
  if ((name === EXEMPT) !== (spec.type === "Exempt")) {
    errors.push(invalid("spec.type", spec.type, "type must be 'Exempt' if and only if name is 'exempt'"));
  }
  return [...errors, ...validateByType(spec), ...validateMandatory(name, spec)];
}

function validateByType({ type, exempt, limited }: PriorityLevelConfigurationSpec): FieldError[] {
  switch (type) {
    case "Exempt":
      return [
        ...(limited === undefined
          ? []
          : [forbidden("spec.limited", "must be nil if the type is not Limited")]),
        ...(exempt === undefined ? [] : validateExempt(exempt)),
      ];
    case "Limited":
      return [
        ...(exempt === undefined ? [] : [forbidden("spec.exempt", "must be nil if the type is Limited")]),
        ...(limited === undefined
          ? [required("spec.limited", "must not be empty when type is Limited")]
          : validateLimited(limited)),
      ];
    default:
      return [notSupported("spec.type", type, ["Exempt", "Limited"])];
  }
}

/** Of the exempt level the numbers may be chosen; of the other one nothing. */
function validateMandatory(name: string, spec: PriorityLevelConfigurationSpec): FieldError[] {
  const wanted = mandatoryPriorityLevel(name)?.spec;
  if (wanted === undefined) return [];
  const compared = name === EXEMPT ? { ...spec, exempt: wanted.exempt } : spec;
  if (jsonEquals(compared, wanted)) return [];
  const but = name === EXEMPT ? " except the 'spec.exempt' field" : "";
  return [invalid("spec", goPriorityLevelSpec(spec), `spec of '${name}'${but} must equal the fixed value`)];
}

function validateExempt(exempt: ExemptPriorityLevelConfiguration): FieldError[] {
  const { nominalConcurrencyShares = 0, lendablePercent = 0 } = exempt;
  return [
    ...validateShares("spec.exempt.nominalConcurrencyShares", nominalConcurrencyShares),
    ...validatePercent("spec.exempt.lendablePercent", lendablePercent),
  ];
}

function validateLimited(limited: LimitedPriorityLevelConfiguration): FieldError[] {
  const { nominalConcurrencyShares = 0, lendablePercent = 0, borrowingLimitPercent = 0 } = limited;
  const path = "spec.limited";
  return [
    ...validateShares(`${path}.nominalConcurrencyShares`, nominalConcurrencyShares),
    ...validateResponse(limited.limitResponse ?? { type: "" }, `${path}.limitResponse`),
    ...validatePercent(`${path}.lendablePercent`, lendablePercent),
    ...(borrowingLimitPercent >= 0
      ? []
      : [
          invalid(
            `${path}.borrowingLimitPercent`,
            borrowingLimitPercent,
            "if specified, must be a non-negative integer",
          ),
        ]),
  ];
}

const validateShares = (path: string, shares: number): FieldError[] =>
  shares < 0 ? [invalid(path, shares, "must be a non-negative integer")] : [];

const validatePercent = (path: string, percent: number): FieldError[] =>
  percent >= 0 && percent <= 100 ? [] : [invalid(path, percent, "must be between 0 and 100, inclusive")];

function validateResponse({ type, queuing }: LimitResponse, path: string): FieldError[] {
  switch (type) {
    case "Reject":
      return queuing === undefined
        ? []
        : [forbidden(`${path}.queuing`, "must be nil if limited.limitResponse.type is not Limited")];
    case "Queue":
      return queuing === undefined
        ? [required(`${path}.queuing`, "must not be empty if limited.limitResponse.type is Limited")]
        : validateQueuing(queuing, `${path}.queuing`);
    default:
      return [notSupported(`${path}.type`, type, ["Queue", "Reject"])];
  }
}

const MAX_QUEUES = 10_000_000;

function validateQueuing(
  { queues = 0, handSize = 0, queueLengthLimit = 0 }: QueuingConfiguration,
  path: string,
) {
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0)
    errors.push(invalid(`${path}.queueLengthLimit`, queueLengthLimit, "must be positive"));
  if (queues <= 0) errors.push(invalid(`${path}.queues`, queues, "must be positive"));
  else if (queues > MAX_QUEUES)
    errors.push(invalid(`${path}.queues`, queues, `must not be greater than ${MAX_QUEUES}`));
  const problem = handProblem(handSize, queues);
  if (problem !== undefined) errors.push(invalid(`${path}.handSize`, handSize, problem));
  return errors;
}

/** A hand of queues is dealt by the bits of one hash (upstream shufflesharding). */
const MAX_HASH_BITS = 60;

function handProblem(handSize: number, queues: number): string | undefined {
  if (handSize <= 0) return "must be positive";
  if (handSize > queues) return `should not be greater than queues (${queues})`;
  if (Math.ceil(Math.log2(queues) * handSize) <= MAX_HASH_BITS) return undefined;
  return `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MAX_HASH_BITS}`;
}
