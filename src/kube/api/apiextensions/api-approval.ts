import { isGantryError } from "../../../base/index.ts";
import { parseGoUrl } from "../../../formats/index.ts";
import { invalid, required } from "../field-error.ts";
import type { CustomResourceDefinition } from "../generated/types.ts";
import type { FieldError } from "../types.ts";
import type { Condition } from "./conditions.ts";

const ANNOTATION = "api-approved.kubernetes.io";
const PROPOSAL = "see https://github.com/kubernetes/enhancements/pull/1111";

/** Groups of the Kubernetes community: what is added to them wants approval. */
export function isProtectedGroup(group: string): boolean {
  return /(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group);
}

export interface ApprovalState {
  state: "Invalid" | "Approved" | "Bypassed" | "Missing";
  message: string;
}

export function approvalState({ metadata }: CustomResourceDefinition): ApprovalState {
  const annotation = metadata.annotations?.[ANNOTATION] ?? "";
  const quoted = JSON.stringify(ANNOTATION);
  if (annotation === "") {
    return {
      state: "Missing",
      message: `protected groups must have approval annotation ${quoted}, ${PROPOSAL}`,
    };
  }
  if (annotation.startsWith("unapproved"))
    return { state: "Bypassed", message: `not approved: ${JSON.stringify(annotation)}` };
  if (isAbsoluteUrl(annotation)) return { state: "Approved", message: `approved in ${annotation}` };
  const message = `protected groups must have approval annotation ${quoted} with either a URL or a reason starting with "unapproved", ${PROPOSAL}`;
  return { state: "Invalid", message };
}

function isAbsoluteUrl(text: string): boolean {
  try {
    const { scheme, host } = parseGoUrl(text);
    return scheme !== "" && host !== "";
  } catch (error) {
    if (isGantryError(error, "InvalidArgument")) return false;
    throw error;
  }
}

/** A definition in a protected group must say who approved it, or that nobody did; what it said before it may go on to say. */
export function validateApproval(
  next: CustomResourceDefinition,
  previous?: CustomResourceDefinition,
): FieldError[] {
  if (!isProtectedGroup(next.spec.group)) return [];
  const { state, message } = approvalState(next);
  if (previous !== undefined && approvalState(previous).state === state) return [];
  const path = `metadata.annotations[${ANNOTATION}]`;
  if (state === "Invalid") return [invalid(path, next.metadata.annotations?.[ANNOTATION] ?? "", message)];
  return state === "Missing" ? [required(path, message)] : [];
}

const CONDITIONS: Record<ApprovalState["state"], Pick<Condition, "status" | "reason">> = {
  Invalid: { status: "False", reason: "InvalidAnnotation" },
  Missing: { status: "False", reason: "MissingAnnotation" },
  Approved: { status: "True", reason: "ApprovedAnnotation" },
  Bypassed: { status: "False", reason: "UnapprovedAnnotation" },
};

/** The condition that tells of it; undefined for groups that need no approval. */
export function approvalCondition(definition: CustomResourceDefinition): Condition | undefined {
  if (!isProtectedGroup(definition.spec.group)) return undefined;
  const { state, message } = approvalState(definition);
  return { type: "KubernetesAPIApprovalPolicyConformant", ...CONDITIONS[state], message };
}
