import type { Builder } from "../../build/index.ts";
import type { Engine } from "../../engine/types.ts";

/** What this area needs of the engine. */
export type ContainersBackend = Pick<
  Engine,
  | "createContainer"
  | "startContainer"
  | "stopContainer"
  | "restartContainer"
  | "killContainer"
  | "pauseContainer"
  | "unpauseContainer"
  | "removeContainer"
  | "removeLink"
  | "renameContainer"
  | "updateContainer"
  | "listContainers"
  | "inspectContainer"
  | "waitContainer"
  | "attachContainer"
  | "resizeContainer"
  | "containerLogs"
  | "containerState"
  | "containerTop"
  | "containerStats"
  | "containerChanges"
  | "readArchive"
  | "statPath"
  | "writeArchive"
  | "exportContainer"
  | "commitContainer"
  | "pruneContainers"
>;

export interface CommitBackend {
  engine: Pick<Engine, "commitContainer" | "inspectContainer">;
  /** Applies `--change` instructions. */
  builder: Pick<Builder, "applyChanges">;
}
