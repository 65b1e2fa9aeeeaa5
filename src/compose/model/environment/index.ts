export { parseEnvFile, parseRawEnvFile } from "./parse-env-file.ts";
export type { ProjectFiles } from "./project-files.ts";
export { inFile, readDotEnvFiles } from "./read-env-files.ts";
export { SECRET_VALUE } from "./secret-value.ts";
