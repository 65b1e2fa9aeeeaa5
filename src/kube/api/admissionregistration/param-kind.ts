import { isDns1035Label, isDns1123Subdomain } from "../../../formats/index.ts";
import { invalid, required } from "../field-error.ts";
import type { ParamKind } from "../generated/types.ts";
import type { FieldError } from "../types.ts";

/** Which kind the parameters of a policy are of. */
export function validateParamKind({ apiVersion = "", kind = "" }: ParamKind, path: string): FieldError[] {
  return [...validateApiVersion(apiVersion, `${path}.apiVersion`), ...validateKind(kind, `${path}.kind`)];
}

function validateApiVersion(apiVersion: string, path: string): FieldError[] {
  if (apiVersion === "") return [required(path)];
  const parts = apiVersion === "/" ? [""] : apiVersion.split("/");
  if (parts.length > 2) return [invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const version = parts.at(-1)!;
  const group = parts.length === 2 ? parts[0]! : "";
  const errors: FieldError[] = [];
  const ofGroup = group === "" ? [] : isDns1123Subdomain(group);
  if (ofGroup.length > 0) errors.push(invalid(path, group, ofGroup.join(",")));
  if (version === "") return [...errors, invalid(path, apiVersion, "version must be specified")];
  const ofVersion = isDns1035Label(version);
  return ofVersion.length === 0 ? errors : [...errors, invalid(path, version, ofVersion.join(","))];
}

function validateKind(kind: string, path: string): FieldError[] {
  if (kind === "") return [required(path)];
  const problems = isDns1035Label(kind.toLowerCase());
  if (problems.length === 0) return [];
  const why = `may have mixed case, but should otherwise match: ${problems.join(",")}`;
  return [invalid(path, kind, why)];
}
