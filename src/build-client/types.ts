import type { BuildDirectory } from "./session/build-directories.ts";
import type { SessionOffers } from "./session/session-services.ts";

export type { BuildDirectory, SessionOffers };

/** Type and attributes, as exporters and caches are told. */
export interface TypedAttributes {
  type: string;
  attributes: Readonly<Record<string, string>>;
}

/** One build as BuildKit's `Solve` wants it. */
export interface BuildSpec {
  frontendAttributes: Readonly<Record<string, string>>;
  exporters: readonly TypedAttributes[];
  cacheImports: readonly TypedAttributes[];
  cacheExports: readonly TypedAttributes[];
  entitlements: readonly string[];
  /** It asks about the Dockerfile and makes nothing: no build of the history. */
  isInternal: boolean;
}
