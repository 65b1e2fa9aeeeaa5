export { type Directive, detectSyntax, directivesOf } from "./directives.ts";
export * from "./dockerignore.ts";
export { DockerfileError } from "./errors.ts";
export * from "./expand.ts";
export { heredocText, parseHeredocMarker } from "./heredoc.ts";
export * from "./parse.ts";
export type { RunDevice } from "./run-device.ts";
export { mountSource, parseRunMount, type RunMount } from "./run-mount.ts";
export type * from "./types.ts";
