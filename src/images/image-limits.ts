/** What an image from elsewhere may cost. Beyond: ResourceExhausted or InvalidArgument, and nothing is kept. */
export interface ImageLimits {
  /** A manifest or index; registries themselves take 4 MiB. */
  manifestBytes: number;
  configBytes: number;
  /** Layers of one image: overlayfs takes 500 lower directories, the writable one and some room left out. */
  layers: number;
  /** Files of one layer. */
  layerEntries: number;
  /** One layer unpacked. */
  layerBytes: number;
  /** Unpacked bytes per compressed byte, looked at from `ratioFreeBytes` on. */
  layerRatio: number;
  ratioFreeBytes: number;
  /** How deep an index may lie in another. */
  indexDepth: number;
  /** Members of an archive given to load. */
  archiveMembers: number;
}

export const DEFAULT_IMAGE_LIMITS: ImageLimits = {
  manifestBytes: 4 * 2 ** 20,
  configBytes: 8 * 2 ** 20,
  layers: 480,
  layerEntries: 2_000_000,
  layerBytes: 256 * 2 ** 30,
  layerRatio: 200,
  ratioFreeBytes: 2 ** 30,
  indexDepth: 3,
  archiveMembers: 20_000,
};
