import { Buffer } from "node:buffer";
import { invalid, notSupported, required, tooLong } from "../../field-error.ts";
import type { AppArmorProfile, SeccompProfile } from "../../generated/types.ts";
import { goPointer, goStruct } from "../../go-value.ts";
import type { FieldError } from "../../types.ts";
import { validateDescendingPath } from "./validate-paths.ts";

const PROFILE_TYPES = ["Localhost", "RuntimeDefault", "Unconfined"];

const goProfile = ({ type, localhostProfile }: SeccompProfile) =>
  goStruct("core.SeccompProfile", { Type: type, LocalhostProfile: goPointer("string", localhostProfile) });

export function validateSeccompProfile(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = `${path}.localhostProfile`;
  const errors: FieldError[] = [];
  if (!type) errors.push(required(`${path}.type`, "type is required when seccompProfile is set"));
  else if (!PROFILE_TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, PROFILE_TYPES));
  if (type !== "Localhost") {
    if (localhostProfile !== undefined)
      errors.push(invalid(at, goProfile(profile), "can only be set when seccomp type is Localhost"));
  } else if (localhostProfile === undefined) {
    errors.push(required(at, "must be set when seccomp type is Localhost"));
  } else errors.push(...validateDescendingPath(localhostProfile, at));
  return errors;
}

/** PATH_MAX without the closing zero. */
const MAX_PROFILE_PATH = 4095;

export function validateAppArmorProfile(profile: AppArmorProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const at = `${path}.localhostProfile`;
  switch (type) {
    case "Localhost":
      return validateAppArmorPath(localhostProfile, at);
    case "RuntimeDefault":
    case "Unconfined":
      if (localhostProfile === undefined) return [];
      return [invalid(at, localhostProfile, "can only be set when AppArmor type is Localhost")];
    case "":
      return [required(`${path}.type`, "type is required when appArmorProfile is set")];
    default:
      return [notSupported(`${path}.type`, type, PROFILE_TYPES)];
  }
}

function validateAppArmorPath(profile: string | undefined, path: string): FieldError[] {
  const missing = required(path, "must be set when AppArmor type is Localhost");
  if (profile === undefined) return [missing];
  const errors: FieldError[] = [];
  if (profile.trim() !== profile) errors.push(invalid(path, profile, "must not be padded with whitespace"));
  else if (profile === "") errors.push(missing);
  if (Buffer.byteLength(profile) > MAX_PROFILE_PATH) errors.push(tooLong(path, MAX_PROFILE_PATH));
  return errors;
}
