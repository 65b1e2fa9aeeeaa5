import { cloneJson } from "../../../formats/index.ts";
import { ageColumn, nameColumn, textColumn } from "../columns.ts";
import type { CertificateSigningRequest } from "../generated/types.ts";
import { humanDuration } from "../meta/age.ts";
import { keepSpec, keepStatus } from "../strategy.ts";
import { subresource } from "../subresource.ts";
import type { KindDefinition, WriteContext } from "../types.ts";
import { keepApproval, setConditionTimes } from "./conditions.ts";
import { validateRequest } from "./validate-request.ts";
import { validateApprovalUpdate, validateRequestUpdate, validateStatusUpdate } from "./validate-update.ts";

type Request = CertificateSigningRequest;

export const certificateSigningRequests: KindDefinition<Request> = {
  group: "certificates.k8s.io",
  version: "v1",
  kind: "CertificateSigningRequest",
  resource: "certificatesigningrequests",
  singular: "certificatesigningrequest",
  shortNames: ["csr"],
  namespaced: false,
  model: "io.k8s.api.certificates.v1.CertificateSigningRequest",
  hasStatus: true,
  statusTellsOfMetadata: "all",
  subresources: [
    subresource("approval", "CertificateSigningRequest", "get patch update", {
      group: "certificates.k8s.io",
      update: { prepare: prepareForApprovalUpdate, validate: validateApprovalUpdate },
    }),
  ],
  nameValidation: "pathSegment",
  allowUnconditionalUpdate: true,
  tellsMetadataChangesOnce: true,
  validate: validateRequest,
  validateUpdate: validateRequestUpdate,
  validateStatusUpdate,
  prepareForCreate,
  prepareForUpdate,
  prepareForStatusUpdate,
  selectableFields: ({ spec }) => ({ "spec.signerName": spec.signerName }),
  columns: [
    nameColumn,
    ageColumn,
    textColumn("SignerName", ({ spec }: Request) => spec.signerName || "<none>"),
    textColumn("Requestor", ({ spec }: Request) => spec.username ?? ""),
    textColumn("RequestedDuration", ({ spec }: Request) =>
      spec.expirationSeconds === undefined ? "<none>" : humanDuration(spec.expirationSeconds * 1000),
    ),
    textColumn("Condition", conditionText),
  ],
};

/** Who asks is who sends it, and nothing is granted yet. */
function prepareForCreate(request: Request, context?: WriteContext): void {
  const { username: _, uid: __, groups: ___, extra: ____, ...spec } = request.spec;
  request.spec = spec;
  request.status = {};
  if (!context) return;
  const { name, uid, groups, extra = {} } = context.user;
  if (name !== "") request.spec.username = name;
  if (uid) request.spec.uid = uid;
  if (groups.length > 0) request.spec.groups = [...groups];
  if (Object.keys(extra).length > 0) request.spec.extra = cloneJson(extra);
}

/** What is asked for stays as it was asked. */
function prepareForUpdate(next: Request, previous: Request): void {
  keepSpec(next, previous);
  keepStatus(next, previous);
}

function prepareForStatusUpdate(next: Request, previous: Request, context?: WriteContext): void {
  keepSpec(next, previous);
  keepApproval(next, previous);
  setConditionTimes(next, previous, context?.nowMs ?? 0);
}

/** `approval` sets conditions and nothing else. */
function prepareForApprovalUpdate(next: Request, previous: Request, context?: WriteContext): void {
  setConditionTimes(next, previous, context?.nowMs ?? 0);
  const conditions = next.status?.conditions;
  keepSpec(next, previous);
  keepStatus(next, previous);
  next.status ??= {};
  if (conditions === undefined) delete next.status.conditions;
  else next.status.conditions = conditions;
}

function conditionText({ status = {} }: Request): string {
  const has = (wanted: string) => (status.conditions ?? []).some(({ type }) => type === wanted);
  const decision = has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending";
  return `${decision}${has("Failed") ? ",Failed" : ""}${status.certificate ? ",Issued" : ""}`;
}
