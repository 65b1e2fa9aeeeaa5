import { errorMessage } from "../../../base/index.ts";
import { compileJsonPath } from "../../../formats/index.ts";
import { invalid, required } from "../field-error.ts";
import type { ExpressionWarning, ValidatingAdmissionPolicy } from "../generated/types.ts";
import { validateConditions } from "../meta/condition.ts";
import type { FieldError } from "../types.ts";

export function validatePolicyStatus({ status = {} }: ValidatingAdmissionPolicy): FieldError[] {
  const path = "status.typeChecking.expressionWarnings";
  const warnings = status.typeChecking?.expressionWarnings ?? [];
  return [
    ...warnings.flatMap((warning, index) => validateWarning(warning, `${path}[${index}]`)),
    ...validateConditions(status.conditions, "status.conditions"),
  ];
}

function validateWarning({ warning, fieldRef }: ExpressionWarning, path: string): FieldError[] {
  return [
    ...(warning === "" ? [required(`${path}.warning`)] : []),
    ...validateFieldRef(fieldRef.trim(), `${path}.fieldRef`),
  ];
}

/** `spec.validations[0].expression`, as a JSONPath without its braces. */
function validateFieldRef(fieldRef: string, path: string): FieldError[] {
  if (fieldRef === "") return [required(path)];
  try {
    compileJsonPath(`{${fieldRef}}`);
    return [];
  } catch (error) {
    return [invalid(path, fieldRef, `invalid JSONPath: ${errorMessage(error)}`)];
  }
}
