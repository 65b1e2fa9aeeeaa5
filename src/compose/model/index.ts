export type { ProjectFiles } from "./environment/index.ts";
export { parseEnvFile as readEnvText } from "./environment/index.ts";
export { findVariables, type Variable } from "./interpolate/index.ts";
export {
  COMPOSE_VERSION,
  type LoadProjectOptions,
  loadProject,
  loadTree,
  type ProjectSource,
} from "./load/index.ts";
export * from "./project/index.ts";
export {
  type Build,
  type Dependency,
  type Deploy,
  type DeviceRequest,
  type FileObject,
  type FileReference,
  formatDuration,
  type HealthCheck,
  type Hook,
  hostLines,
  type Network,
  type Port,
  parseDuration,
  type ServiceFields,
  type ServiceNetwork,
  splitWords,
  type Ulimit,
  type Volume,
  type VolumeMount,
  type WatchTrigger,
} from "./shapes/index.ts";
export { parsePorts, parseVolume } from "./short-forms.ts";
export { emitYaml, OrderedMap, type YamlOut } from "./yaml/index.ts";
