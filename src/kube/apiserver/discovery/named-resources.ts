/** Resources that are no kinds: they come and go by their names. */
export interface NamedResources {
  versions(): readonly NamedVersion[];
}

export interface NamedVersion {
  group: string;
  version: string;
  /** As in an APIResourceList. */
  resources: readonly { name: string }[];
  /** As in the aggregated form. */
  aggregated: readonly object[];
}
