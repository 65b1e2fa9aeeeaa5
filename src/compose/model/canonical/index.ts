export { type CanonicalOptions, toCanonical } from "./canonical.ts";
export { setDefaults } from "./defaults.ts";
export { parsePortSpec } from "./port-spec.ts";
export { cleanTarget, parseVolumeSpec } from "./volume-spec.ts";
