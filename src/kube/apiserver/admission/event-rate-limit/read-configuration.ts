import { invalidArgument } from "../../../../base/index.ts";
import {
  type ConfigKind,
  errorListText,
  type FieldError,
  GoLiteral,
  invalid,
  notSupported,
  readComponentConfig,
} from "../../../api/index.ts";

export const LIMIT_TYPES = ["Server", "Namespace", "User", "SourceAndObject"] as const;

/** How many writes of events are let through for each one of a type. */
export interface EventLimit {
  type: (typeof LIMIT_TYPES)[number];
  qps: number;
  burst: number;
  /** For how many of its type a count is kept. */
  cacheSize: number;
}

interface Written {
  type?: string;
  qps?: number;
  burst?: number;
  cacheSize?: number;
}

const CONFIGURATION: ConfigKind = {
  group: "eventratelimit.admission.k8s.io",
  versions: ["v1alpha1"],
  kind: "Configuration",
  fields: {
    limits: {
      list: { fields: { type: "string", qps: "integer", burst: "integer", cacheSize: "integer" } },
    },
  },
};

const CACHE_SIZE = 4096;

/** The configuration of EventRateLimit; undefined: there is none, and there must be one. Throws InvalidArgument with all that is wrong. */
export function readEventLimits(text: string | undefined): EventLimit[] {
  const limits =
    text === undefined
      ? []
      : (readComponentConfig<{ limits?: Written[] }>(text, CONFIGURATION).value.limits ?? []);
  const errors =
    limits.length === 0
      ? [invalid("limits", new GoLiteral("[]eventratelimit.Limit{}"), "must not be empty")]
      : limits.flatMap((limit, index) => limitErrors(limit, `limits[${index}]`));
  if (errors.length > 0) throw invalidArgument(errorListText(errors));
  return limits.map(({ type, qps = 0, burst = 0, cacheSize = 0 }) => ({
    type: type as EventLimit["type"],
    qps,
    burst,
    cacheSize: cacheSize || CACHE_SIZE,
  }));
}

function limitErrors({ type = "", qps = 0, burst = 0, cacheSize = 0 }: Written, path: string): FieldError[] {
  const isKnown = (LIMIT_TYPES as readonly string[]).includes(type);
  return [
    ...(isKnown ? [] : [notSupported(`${path}.type`, type, [...LIMIT_TYPES].sort())]),
    ...(burst > 0 ? [] : [invalid(`${path}.burst`, burst, "must be positive")]),
    ...(qps > 0 ? [] : [invalid(`${path}.qps`, qps, "must be positive")]),
    ...(type === "Server" || cacheSize >= 0
      ? []
      : [invalid(`${path}.cacheSize`, cacheSize, "must not be negative")]),
  ];
}
