import type { IncomingMessage } from "node:http";

export interface RequestTarget {
  /** Percent-encoded, absolute, without dot segments, and without empty ones unless they are kept. */
  path: string;
  /** With its question mark, or empty. */
  search: string;
}

/** Headers that decide where a request ends or whom it is for: two of one kind can be read in two ways. */
const SINGLE_HEADERS = new Set(["content-length", "host", "transfer-encoding", "authorization"]);

/**
 * The one reading of a request that everybody after this uses (authorization and handler alike), or why there is none.
 * Repeated slashes count as one, as Docker's mux has it, unless the API gives empty segments a meaning; an encoded slash
 * stays inside its segment.
 */
export function readTarget(
  req: IncomingMessage,
  keepsEmptySegments = false,
): RequestTarget | { problem: string } {
  const target = canonicalTarget(req.url ?? "", keepsEmptySegments);
  const problem = "problem" in target ? undefined : headerProblem(req);
  return problem ? { problem } : target;
}

/** The target of a request line in its one form. */
export function canonicalTarget(
  url: string,
  keepsEmptySegments = false,
): RequestTarget | { problem: string } {
  if (!url.startsWith("/")) return { problem: "the request target is not a path" };
  const cut = url.indexOf("?");
  const raw = cut < 0 ? url : url.slice(0, cut);
  const problem = pathProblem(raw);
  if (problem) return { problem };
  return {
    path: raw.includes("//") && !keepsEmptySegments ? raw.replace(/\/{2,}/g, "/") : raw,
    search: cut < 0 ? "" : url.slice(cut),
  };
}

function pathProblem(path: string): string | undefined {
  if (/\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)) return "the path has dot segments";
  if (path.includes("\\") || path.includes("#") || /%(?:00|5c)/i.test(path)) {
    return "the path has characters that are not allowed";
  }
  if (!path.includes("%")) return undefined;
  try {
    const decoded = decodeURIComponent(path);
    return /(?:^|\/)\.{1,2}(?:\/|$)/.test(decoded) ? "the path has dot segments" : undefined;
  } catch {
    return "the path is not valid percent-encoding";
  }
}

function headerProblem(req: IncomingMessage): string | undefined {
  const seen = new Set<string>();
  for (let index = 0; index < req.rawHeaders.length; index += 2) {
    const name = req.rawHeaders[index]!.toLowerCase();
    if (!SINGLE_HEADERS.has(name)) continue;
    if (seen.has(name)) return `the header ${name} is there twice`;
    seen.add(name);
  }
  const encoding = req.headers["transfer-encoding"];
  // Only the last of several would say where the body ends, and not everybody reads them all.
  if (encoding !== undefined && encoding.toLowerCase() !== "chunked")
    return "the transfer-encoding is not chunked";
  if (!seen.has("host") && req.httpVersion !== "1.0") return "there is no host header";
  return undefined;
}
