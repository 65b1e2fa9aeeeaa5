import type { Builder } from "../../build/index.ts";
import type { Engine } from "../../engine/types.ts";
import type { BuildkitBackend } from "../buildkit/backend.ts";

/** What this area needs of the builder, and of the engine to tell about it. */
export interface BuildBackend {
  builder: Pick<Builder, "build" | "pruneCache">;
  engine: Pick<Engine, "emitEvent">;
  buildkit: BuildkitBackend | undefined;
}
