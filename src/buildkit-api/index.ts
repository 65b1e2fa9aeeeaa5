export { type BuildkitApiOptions, openBuildkitApi } from "./buildkit-api.ts";
export type * from "./types.ts";
