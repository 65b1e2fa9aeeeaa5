import { type FieldError, statusBadRequest, statusInvalid } from "../../api/index.ts";
import { isTrue } from "../request-info.ts";
import type { ResourceCall } from "../server-context.ts";
import { DELETE_OPTIONS } from "./decode-object.ts";
import type { DeleteRequest } from "./delete-plan.ts";
import { dryRunErrors, META_GROUP } from "./request-options.ts";

type Options = Omit<DeleteRequest, "dryRun"> & { dryRun?: string[] };

const POLICIES = ["Foreground", "Background", "Orphan"];

/**
 * What a delete is to do. Options come in the body or, where there is none, as query parameters: beside a body the query is
 * not read, not even its dryRun (handlers.DeleteResource).
 */
export function deleteOptionsOf({ body, params, query, audit }: ResourceCall): DeleteRequest {
  const object = body.options(DELETE_OPTIONS);
  if (object) audit?.sent(object);
  const sent = object as Options | undefined;
  const { dryRun = [], ...options } = sent ?? fromQuery(params);
  const errors = [...policyErrors(options), ...dryRunErrors(dryRun)];
  if (errors.length > 0) throw statusInvalid({ group: META_GROUP, kind: "DeleteOptions" }, "", errors);
  const { gracePeriodSeconds, propagationPolicy, orphanDependents, preconditions } = options;
  return {
    gracePeriodSeconds: gracePeriodSeconds === undefined ? undefined : Number(gracePeriodSeconds),
    propagationPolicy,
    orphanDependents,
    preconditions,
    dryRun: dryRun.length > 0 || (sent === undefined && query.dryRun === true),
  };
}

function fromQuery(params: URLSearchParams): Options {
  const grace = params.get("gracePeriodSeconds");
  if (grace !== null && !/^[+-]?\d+$/.test(grace)) {
    throw statusBadRequest(`strconv.ParseInt: parsing ${JSON.stringify(grace)}: invalid syntax`);
  }
  const orphan = params.get("orphanDependents");
  const policy = params.get("propagationPolicy") as DeleteRequest["propagationPolicy"] | null;
  return {
    gracePeriodSeconds: grace === null ? undefined : Number(grace),
    propagationPolicy: policy ?? undefined,
    orphanDependents: orphan === null ? undefined : isTrue(orphan),
    dryRun: params.getAll("dryRun"),
  };
}

/** apimachinery ValidateDeleteOptions. */
function policyErrors({ propagationPolicy: policy, orphanDependents }: Options): FieldError[] {
  if (policy === undefined) return [];
  const errors: FieldError[] = [];
  const shown = JSON.stringify(policy);
  if (orphanDependents !== undefined) {
    const message = `Invalid value: ${shown}: orphanDependents and deletionPropagation cannot be both set`;
    errors.push({ type: "FieldValueInvalid", field: "propagationPolicy", message });
  }
  if (!POLICIES.includes(policy)) {
    const supported = [...POLICIES, "nil"].map((one) => JSON.stringify(one)).join(", ");
    const message = `Unsupported value: ${shown}: supported values: ${supported}`;
    errors.push({ type: "FieldValueNotSupported", field: "propagationPolicy", message });
  }
  return errors;
}
