export {
  buildArgs,
  containerConfig,
  createRequest,
  execOptions,
  execStartOptions,
  hostConfig,
  imageConfig,
  labels,
  portMap,
  ulimits,
  updateConfig,
} from "./container-types.ts";
export { type Decoded, decodeStruct, decodeValue } from "./decode.ts";
export { encodeStruct } from "./encode.ts";
export type { GoType, StructType } from "./go-types.ts";
export { parseJsonText } from "./json-text.ts";
export { connectOptions, disconnectOptions, networkCreateRequest } from "./network-types.ts";
export { authConfig, authConfigs } from "./registry-types.ts";
export { volumeCreateOptions } from "./volume-types.ts";
