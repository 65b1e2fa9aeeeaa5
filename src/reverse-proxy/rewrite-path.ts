import { stemOf } from "./request-matcher.ts";
import type { PathRewrite, RequestMatch } from "./types.ts";

/** The path that a rewrite makes of one that `match` covers. */
export function rewritePath(path: string, rewrite: PathRewrite, match: RequestMatch["path"]): string {
  switch (rewrite.type) {
    case "full":
      return absolute(rewrite.value);
    case "prefix": {
      const covered =
        match.type === "prefix" ? stemOf(match.value) : match.type === "exact" ? match.value : "";
      const rest = path.slice(covered.length);
      return absolute(`${stemOf(rewrite.value)}${rest}`);
    }
    case "regex": {
      const groups = match.type === "regex" ? new RegExp(match.value).exec(path) : null;
      return absolute(rewrite.value.replace(/\$(\d)/g, (_, index: string) => groups?.[Number(index)] ?? ""));
    }
  }
}

const absolute = (path: string) => (path.startsWith("/") ? path : `/${path}`);
