import { isAbsolute, resolve } from "node:path";
import { parsePortSpec, parseVolumeSpec } from "./canonical/index.ts";
import { type Port, portOf, type VolumeMount, volumeMountOf } from "./shapes/index.ts";

/** Short forms as options of commands have them: `8080:80`. */
export const parsePorts = (spec: string): Port[] => parsePortSpec(spec).map(portOf);

/** `./data:/data:ro`; a relative path starts from `directory`. */
export function parseVolume(spec: string, directory: string): VolumeMount {
  const volume = volumeMountOf(parseVolumeSpec(spec));
  const isRelative = volume.type === "bind" && volume.source !== undefined && !isAbsolute(volume.source);
  return isRelative ? { ...volume, source: resolve(directory, volume.source!) } : volume;
}
