export { type ImageServiceOptions, openImageService } from "./image-service.ts";
export type * from "./registry-transport.ts";
export type * from "./types.ts";
