import { type Logger, notImplemented } from "../base/index.ts";
import type { ContentStore } from "../content/types.ts";

export interface RegistryHandlerOptions {
  /** `<home>/registry`. */
  dir: string;
  content: ContentStore;
  logger: Logger;
}

export interface RegistryServer {
  /** For `startHttpServer({ handler })` of http/. */
  handler: (ctx: never) => Promise<void>;
  close(): Promise<void>;
}

export async function createRegistryHandler(_options: RegistryHandlerOptions): Promise<RegistryServer> {
  throw notImplemented("registry");
}
