export * from "./build-spec.ts";
export * from "./capabilities.ts";
export type { SeccompProfile } from "./custom-seccomp.ts";
export * from "./default-mounts.ts";
export * from "./devices.ts";
export * from "./mount-points.ts";
export * from "./process-limits.ts";
export * from "./protected-paths.ts";
export * from "./seccomp.ts";
