export * from "./dockerignore.ts";
export * from "./expand.ts";
export { heredocText } from "./heredoc.ts";
export * from "./parse.ts";
export type * from "./types.ts";
