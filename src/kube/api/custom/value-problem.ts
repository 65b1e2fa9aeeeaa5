import { invalid, notSupported, required, tooLong, tooMany } from "../field-error.ts";
import { goUnstructured } from "../go-unstructured.ts";
import type { FieldError } from "../types.ts";
import { childPath, NO_PATH } from "./field-path.ts";

/** One thing that the validator of values finds (kube-openapi errors.Validation). */
export interface ValueProblem {
  /** `schemas`: a whole set of schemas failed; that has no place of its own. */
  kind: "type" | "enum" | "required" | "tooLong" | "tooMany" | "schemas" | "other";
  /** Where, seen from what is validated: `spec.ports[0]`, or empty for that itself. */
  name: string;
  value?: unknown;
  allowed?: readonly unknown[];
  limit?: number;
  /** In the validator's words; what two of the same say is told once. */
  message: string;
}

/** The errors that a client is told (apiextensions-apiserver kubeOpenAPIResultToFieldErrors). */
export function valueFieldErrors(path: string, problems: readonly ValueProblem[]): FieldError[] {
  return problems.map((problem) => fieldError(path, problem));
}

function fieldError(
  root: string,
  { kind, name, value, allowed = [], limit = -1, message }: ValueProblem,
): FieldError {
  if (kind === "schemas") return invalid(root === "" ? NO_PATH : root, "", message);
  const own = name.replace(/^\./, "");
  const path = own === "" ? root || NO_PATH : childPath(root, own);
  switch (kind) {
    case "required":
      return required(path);
    case "enum":
      return notSupported(path, goUnstructured(value), allowed.map(allowedText));
    case "tooLong":
      return tooLong(path, limit);
    case "tooMany":
      return tooMany(path, value as number, limit);
    case "type":
      return { ...invalid(path, value ?? "", message), type: "FieldValueTypeInvalid" };
    default:
      return invalid(path, goUnstructured(value ?? ""), message);
  }
}

const allowedText = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
