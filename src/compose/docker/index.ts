export { DockerClient, type DockerEndpoint, type DockerRequest, type Query } from "./docker-client.ts";
export type * from "./docker-types.ts";
export { jsonLines } from "./json-lines.ts";
export { LineReader, type OutputSink, readLines, splitOutput } from "./output-frames.ts";
