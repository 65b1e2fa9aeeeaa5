import { parseGoBool } from "../../formats/index.ts";
import type { SeccompProfile } from "../../runtime/index.ts";
import { invalidRequest } from "../errors.ts";

export interface SecurityOptions {
  noNewPrivileges: boolean;
  /** A profile in Docker's JSON form, parsed. */
  seccomp: "default" | "unconfined" | SeccompProfile;
  /** `systempaths=unconfined`. */
  unmaskPaths: boolean;
}

/** `--security-opt` values. */
export function securityOf(options: readonly string[]): SecurityOptions {
  const result: SecurityOptions = { noNewPrivileges: false, seccomp: "default", unmaskPaths: false };
  for (const option of options) {
    const [, key, value = ""] = /^([^=:]+)(?:[=:](.*))?$/s.exec(option) ?? [undefined, option];
    switch (key) {
      case "no-new-privileges":
        result.noNewPrivileges = switchOf(value, option);
        break;
      case "seccomp":
        result.seccomp = seccompOf(value);
        break;
      case "systempaths":
        if (value !== "unconfined") throw malformed(2, option);
        result.unmaskPaths = true;
        break;
      case "label":
      case "apparmor":
        // Neither security module is used: asking for none of it is what happens anyway.
        if (!["disable", "unconfined"].includes(value)) {
          throw invalidRequest(`${key} profiles are not supported: ${JSON.stringify(option)}`);
        }
        break;
      default:
        throw malformed(/[=:]/.test(option) ? 2 : 1, option);
    }
  }
  return result;
}

/** On when nothing is said. */
function switchOf(value: string, option: string): boolean {
  const isOn = value === "" || parseGoBool(value);
  if (isOn === undefined) throw malformed(2, option);
  return isOn;
}

/** As Docker numbers them: without a value, with one. */
const malformed = (number: number, option: string) =>
  invalidRequest(`invalid --security-opt ${number}: ${JSON.stringify(option)}`);

/** The client sends a profile's content; `builtin` and `unconfined` are names. */
function seccompOf(value: string): SecurityOptions["seccomp"] {
  if (value === "unconfined") return "unconfined";
  if (value === "builtin" || value === "") return "default";
  try {
    const profile = JSON.parse(value) as unknown;
    if (typeof profile === "object" && profile !== null && "defaultAction" in profile) {
      return profile as SeccompProfile;
    }
  } catch {
    // Said below.
  }
  throw invalidRequest("decoding seccomp profile failed: it is not a profile in JSON");
}
