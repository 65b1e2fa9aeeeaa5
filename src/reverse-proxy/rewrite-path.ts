import type { Incoming } from "./incoming.ts";
import { stemOf } from "./request-matcher.ts";
import type { PathRewrite, RequestMatch } from "./types.ts";

/** The path that a rewrite makes of one that `match` covers. */
export function rewritePath(
  { path, plainPath }: Pick<Incoming, "path" | "plainPath">,
  rewrite: PathRewrite,
  match: RequestMatch["path"],
): string {
  switch (rewrite.type) {
    case "full":
      return absolute(rewrite.value);
    case "prefix": {
      const covered =
        match.type === "prefix" ? stemOf(match.value) : match.type === "exact" ? match.value : "";
      // What was covered may have been written in another way.
      const rest = path.startsWith(covered)
        ? path.slice(covered.length)
        : encoded(plainPath.slice(covered.length));
      return absolute(`${stemOf(rewrite.value)}${rest}`);
    }
    case "regex": {
      const groups = match.type === "regex" ? new RegExp(match.value).exec(plainPath) : null;
      return absolute(
        rewrite.value.replace(/\$(\d)/g, (_, index: string) => encoded(groups?.[Number(index)] ?? "")),
      );
    }
  }
}

const absolute = (path: string) => (path.startsWith("/") ? path : `/${path}`);

const encoded = (text: string) => encodeURI(text).replace(/[?#]/g, encodeURIComponent);
