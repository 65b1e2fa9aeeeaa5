import { invalidArgument } from "../../base/index.ts";
import { compileGlob, type Glob } from "../path-glob.ts";

/** Decides which paths of a build context are left out. */
export interface IgnoreMatcher {
  /** Whether any pattern re-includes (`!`): then an ignored directory must be walked all the same. */
  readonly hasExceptions: boolean;
  /** `path` is relative, with `/`, without a leading one. */
  ignores(path: string): boolean;
}

interface Rule {
  glob: Glob;
  include: boolean;
}

/** Reads a `.dockerignore` file: one pattern a line, `#` comments, `!` exceptions; the last rule that matches wins. */
export function parseDockerignore(text: string): string[] {
  const patterns: string[] = [];
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const trimmed = line.trim();
    if (trimmed === "") continue;
    const include = trimmed.startsWith("!");
    const cleaned = cleanPath((include ? trimmed.slice(1) : trimmed).trim());
    if (cleaned === "") {
      if (include) throw invalidArgument('error checking context: illegal exclusion pattern: "!"');
      continue;
    }
    patterns.push(include ? `!${cleaned}` : cleaned);
  }
  return patterns;
}

/** A pattern also matches everything below a directory that it matches. Fails with InvalidArgument on a bad pattern. */
export function createIgnoreMatcher(patterns: readonly string[]): IgnoreMatcher {
  const rules = patterns.map((pattern): Rule => {
    const include = pattern.startsWith("!");
    return { include, glob: compileGlob(include ? pattern.slice(1) : pattern, { doubleStar: true }) };
  });
  return {
    hasExceptions: rules.some((rule) => rule.include),
    ignores(path) {
      let ignored = false;
      for (const rule of rules) {
        if (rule.include !== ignored) continue;
        if (rule.glob.matchesPathOrParent(path)) ignored = !rule.include;
      }
      return ignored;
    },
  };
}

function cleanPath(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.join("/");
}
