import type { CustomResourceDefinition } from "../generated/types.ts";
import { validateCaBundle } from "../webhook-client.ts";
import { type Condition, isConditionTrue } from "./conditions.ts";

/** The condition of a definition whose kinds are served from now on; undefined where there is nothing to say (controller/establish). */
export function establishingCondition(definition: CustomResourceDefinition): Condition | undefined {
  if (!isConditionTrue(definition, "NamesAccepted") || isConditionTrue(definition, "Established"))
    return undefined;
  const caBundle = definition.spec.conversion?.webhook?.clientConfig?.caBundle ?? "";
  if (validateCaBundle(caBundle, "").length > 0) {
    return {
      type: "Established",
      status: "False",
      reason: "InvalidCABundle",
      message: "The conversion webhook CABundle is invalid",
    };
  }
  return {
    type: "Established",
    status: "True",
    reason: "InitialNamesAccepted",
    message: "the initial names have been accepted",
  };
}
