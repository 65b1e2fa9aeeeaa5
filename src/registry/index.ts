export { RegistryClient, type RegistryClientOptions } from "./client.ts";
export { localWriters, type WriteAuthorizer } from "./local-writers.ts";
export { createRegistryHandler, type RegistryHandlerOptions, type RegistryServer } from "./server.ts";
