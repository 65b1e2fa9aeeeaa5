export { DEFAULT_IMAGE_LIMITS, type ImageLimits } from "./image-limits.ts";
export { tagToStore } from "./image-lookup.ts";
export { type ImageServiceOptions, openImageService } from "./image-service.ts";
export { type ExtractOptions, TreeExtractor } from "./layers/tree-extractor.ts";
export { type PackOptions, packMember, packTree } from "./layers/tree-packer.ts";
export { usageOf } from "./snapshots/snapshot-usage.ts";
export type * from "./transfer/registry-transport.ts";
export type * from "./types.ts";
