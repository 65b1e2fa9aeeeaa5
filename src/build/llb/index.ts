export { DefinitionBuilder, digestOf, type LlbOutput } from "./definition-builder.ts";
export * as messages from "./messages.ts";
export type * from "./types.ts";
