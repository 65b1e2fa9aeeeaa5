import type { Builder } from "../../build/index.ts";

/** What this area needs of the builder. */
export type BuildBackend = Pick<Builder, "build" | "pruneCache">;
