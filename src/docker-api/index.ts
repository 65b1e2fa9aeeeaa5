export type { DistributionBackend } from "./distribution/backend.ts";
export { createDockerApi, type DockerApi, type DockerApiOptions } from "./docker-api.ts";
export type { ServerInfo } from "./system/backend.ts";
