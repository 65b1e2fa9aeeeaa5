/** Where a client wants a cache to be kept, or to be looked for. */
export interface CacheWish {
  type: string;
  attributes: Readonly<Record<string, string>>;
}
