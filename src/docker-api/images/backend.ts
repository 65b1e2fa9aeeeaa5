import type { Builder } from "../../build/index.ts";
import type { Engine } from "../../engine/types.ts";
import type { ImageService } from "../../images/types.ts";

/** What this area needs of the image store, and of the engine to know which images are in use. */
export interface ImagesBackend {
  images: Pick<
    ImageService,
    | "list"
    | "find"
    | "get"
    | "tag"
    | "remove"
    | "pull"
    | "listRemoteTags"
    | "push"
    | "save"
    | "load"
    | "importRootfs"
    | "collectGarbage"
  >;
  engine: Pick<Engine, "listContainers" | "emitEvent">;
  builder: Pick<Builder, "applyChanges">;
}
