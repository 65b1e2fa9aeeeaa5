import type { IgnoreMatcher, Platform } from "../../../formats/index.ts";
import type { FrontendHost } from "../types.ts";
import type { Budget } from "./budget.ts";
import type { BuildContext } from "./build-context.ts";
import type { DeferredNode } from "./graph.ts";
import type { Linter } from "./lint/linter.ts";
import type { ImageResolver, NamedContexts } from "./named-contexts.ts";
import type { BuildOptions } from "./options.ts";
import type { SourceMap } from "./source-map.ts";
import type { Stage } from "./stage.ts";
import type { StageList } from "./stage-list.ts";

/** Set by `--build-arg` without any ARG; they are no part of what a step is known by. */
export interface ProxySettings {
  httpProxy?: string;
  httpsProxy?: string;
  ftpProxy?: string;
  noProxy?: string;
  allProxy?: string;
}

/** What all stages share while a Dockerfile becomes operations for one platform. */
export interface Conversion {
  host: FrontendHost;
  options: BuildOptions;
  source: SourceMap;
  escapeChar: string;
  buildPlatform: Platform;
  targetPlatform: Platform;
  /** Nobody has asked for a platform: that of the base image counts. */
  isTargetImplicit: boolean;
  /** Values of `--build-arg`. */
  buildArgs: Readonly<Record<string, string>>;
  /** What ARG finds without a default of its own: the arguments before the first FROM, and those for platforms. */
  globalArgs: ReadonlyMap<string, string>;
  epochSeconds: number | undefined;
  proxy: ProxySettings | undefined;
  linter: Linter;
  stages: StageList;
  context: BuildContext;
  namedContexts: NamedContexts;
  resolveImage: ImageResolver;
  /** The main context, which is settled when all stages have told what they need of it. */
  contextNode: DeferredNode;
  ignore: { matcher: IgnoreMatcher; patterns: readonly string[] } | undefined;
  budget: Budget;
  /** To be done when all stages are known. */
  finally: (work: () => void) => void;
}

/** What can be asked for of a directory that paths are known of; undefined: everything. */
export function followPathsOf(paths: Iterable<string>): string[] | undefined {
  const all = [...paths];
  if (all.length === 0 || all.includes("/")) return undefined;
  return all.map((path) => path.replace(/^\/+/, "")).sort();
}

/** Platform that a stage's operations are for. */
export function platformOf(conversion: Conversion, stage: Stage): Platform {
  return stage.platform ?? conversion.targetPlatform;
}
