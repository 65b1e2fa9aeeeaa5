import { createIgnoreMatcher } from "../../formats/index.ts";

/** Which paths below a copied directory are taken. */
export interface PathFilter {
  takes(path: string): boolean;
  /** Whether something below a directory that is not taken itself may be. */
  mayTakeBelow(path: string): boolean;
}

/** Patterns are those of `.dockerignore`; a pattern takes what is below what it matches, too. */
export function pathFilter(include: readonly string[], exclude: readonly string[]): PathFilter | undefined {
  if (include.length === 0 && exclude.length === 0) return undefined;
  // The matcher's "ignored" means "matched" here.
  const included = include.length > 0 ? createIgnoreMatcher(include.map(relative)) : undefined;
  const excluded = exclude.length > 0 ? createIgnoreMatcher(exclude.map(relative)) : undefined;
  return {
    takes: (path) => (included?.ignores(path) ?? true) && !(excluded?.ignores(path) ?? false),
    mayTakeBelow: (path) => included !== undefined || !excluded?.ignores(path) || excluded.hasExceptions,
  };
}

function relative(pattern: string): string {
  const [mark, path] = pattern.startsWith("!") ? ["!", pattern.slice(1)] : ["", pattern];
  return mark + (path.replace(/^\/+/, "").replace(/(?<=.)\/+$/, "") || "**");
}
