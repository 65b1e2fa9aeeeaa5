export { RegistryClient, type RegistryClientOptions } from "./client.ts";
export { createRegistryHandler, type RegistryHandlerOptions, type RegistryServer } from "./server.ts";
