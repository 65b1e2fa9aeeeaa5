/**
 * What a flag takes. `strings` is a list with commas, and may be repeated; `texts` takes each value whole; `certKeys` is the same with
 * `CERTFILE,KEYFILE` or `CERTFILE,KEYFILE:NAME,…`.
 */
export type FlagType =
  | "string"
  | "boolean"
  | "integer"
  | "number"
  | "duration"
  | "strings"
  | "texts"
  | "pairs"
  | "certKeys"
  | "file"
  | "files";

export interface Flag {
  name: string;
  type: FlagType;
  /** As it would be written; nothing where it is absent. */
  default?: string;
  help: string;
}

export interface FlagSection {
  title: string;
  flags: readonly Flag[];
}

/** Flags as they were given, each as often as it was. */
export type GivenFlags = Record<string, string[]>;
