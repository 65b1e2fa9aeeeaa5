export { diskFiles } from "./disk-files.ts";
export * from "./model/index.ts";
