import { map, omitEmpty, pointer, string, struct } from "./go-types.ts";

/** moby's api/types/volume; of cluster volumes only that one was asked for. */
export const volumeCreateOptions = struct("volume.CreateOptions", {
  ClusterVolumeSpec: omitEmpty(pointer(struct("volume.ClusterVolumeSpec", {}))),
  Driver: omitEmpty(string),
  DriverOpts: omitEmpty(map(string)),
  Labels: omitEmpty(map(string)),
  Name: omitEmpty(string),
});
