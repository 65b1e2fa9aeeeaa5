import type { Engine } from "../../engine/types.ts";

/** What this area needs of the engine. */
export type VolumesBackend = Pick<
  Engine,
  "createVolume" | "listVolumes" | "inspectVolume" | "removeVolume" | "pruneVolumes"
>;
