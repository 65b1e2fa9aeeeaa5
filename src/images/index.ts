export { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "./image-limits.ts";
export { type ImageServiceOptions, openImageService } from "./image-service.ts";
export type * from "./registry-transport.ts";
export { type ExtractOptions, TreeExtractor } from "./tree-extractor.ts";
export { type PackOptions, packMember, packTree } from "./tree-packer.ts";
export type * from "./types.ts";
