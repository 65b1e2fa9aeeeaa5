export type { Codec } from "./codec.ts";
export { hostLines, type Ulimit } from "./collections.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export {
  type FileObject,
  fileObject,
  type Model,
  model,
  type Network,
  network,
  type Volume,
  volume,
} from "./resources.ts";
export {
  type Build,
  type Dependency,
  type Deploy,
  type DeviceRequest,
  type FileReference,
  type HealthCheck,
  type Hook,
  type Port,
  portOf,
  type ServiceFields,
  type ServiceNetwork,
  service,
  type VolumeMount,
  volumeMountOf,
  type WatchTrigger,
} from "./service.ts";
export { parseBytes } from "./size.ts";
export { splitWords } from "./split-words.ts";
