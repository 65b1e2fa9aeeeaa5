import { forbidden } from "../field-error.ts";
import type { CertificateSigningRequest } from "../generated/types.ts";
import { validateObjectMetaUpdate } from "../meta/object-meta.ts";
import type { FieldError } from "../types.ts";
import { APPROVAL_TYPES, conditionsOfType } from "./conditions.ts";
import { validateRequest } from "./validate-request.ts";

type Request = CertificateSigningRequest;

/** What a way of writing may change. */
interface Reach {
  approval?: true;
  certificate?: true;
}

/** Of the object itself; beside what `validateRequest` says. */
export const validateRequestUpdate = (next: Request, previous: Request): FieldError[] =>
  validateChanges(next, previous, {});

export const validateStatusUpdate = (next: Request, previous: Request): FieldError[] => [
  ...validateRequest(next, previous),
  ...validateChanges(next, previous, { certificate: true }),
];

export const validateApprovalUpdate = (next: Request, previous: Request): FieldError[] => [
  ...validateRequest(next, previous),
  ...validateChanges(next, previous, { approval: true }),
];

function validateChanges(next: Request, previous: Request, reach: Reach): FieldError[] {
  const growth = (type: string) =>
    conditionsOfType(next, type).length - conditionsOfType(previous, type).length;
  const told = (verb: string, type: string) =>
    forbidden("status.conditions", `updates may not ${verb} a condition of type ${JSON.stringify(type)}`);
  const removed = [...APPROVAL_TYPES, "Failed"].filter((type) => growth(type) < 0);
  const added = reach.approval ? [] : APPROVAL_TYPES.filter((type) => growth(type) > 0);
  return [
    ...removed.map((type) => told("remove", type)),
    ...added.map((type) => told("add", type)),
    ...validateCertificateChange(next, previous, reach),
    ...validateObjectMetaUpdate(next, previous),
  ];
}

function validateCertificateChange(next: Request, previous: Request, reach: Reach): FieldError[] {
  const before = previous.status?.certificate ?? "";
  if ((next.status?.certificate ?? "") === before) return [];
  const path = "status.certificate";
  if (!reach.certificate) return [forbidden(path, "updates may not set certificate content")];
  return before === "" ? [] : [forbidden(path, "updates may not modify existing certificate content")];
}
