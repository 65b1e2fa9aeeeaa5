export * from "./cluster/index.ts";
export { diskFiles } from "./disk-files.ts";
export * from "./docker/index.ts";
export * from "./engine/index.ts";
export * from "./model/index.ts";
