import { invalid } from "../field-error.ts";
import type { TokenRequest } from "../generated/types.ts";
import type { FieldError, KindDefinition } from "../types.ts";

export const tokenRequests: KindDefinition<TokenRequest> = {
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenRequest",
  resource: "tokenrequests",
  singular: "tokenrequest",
  namespaced: true,
  model: "io.k8s.api.authentication.v1.TokenRequest",
  verbs: ["create"],
  use: "body",
  hasStatus: false,
  defaults: (request) => {
    request.spec ??= { audiences: [] };
    request.spec.expirationSeconds ??= 3600;
  },
  validate,
  columns: [],
};

const LEAST_SECONDS = 600;
const MOST_SECONDS = 2 ** 32;

function validate({ spec }: TokenRequest): FieldError[] {
  const path = "spec.expirationSeconds";
  const seconds = spec.expirationSeconds ?? 3600;
  if (seconds < LEAST_SECONDS)
    return [invalid(path, seconds, "may not specify a duration less than 10 minutes")];
  if (seconds > MOST_SECONDS)
    return [invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")];
  return [];
}
