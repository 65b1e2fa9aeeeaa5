import { compileGoRegexp } from "../formats/index.ts";
import type { Incoming } from "./incoming.ts";
import type { RequestMatch, ValueMatch } from "./types.ts";

export type Matcher = (request: Incoming) => boolean;

/**
 * Makes a test of a match; its expressions are compiled once. They have RE2's syntax and cost time in proportion: whoever may write a
 * rule must not be able to stop the proxy of all. Throws InvalidArgument for one that is none.
 */
export function matcherOf(match: RequestMatch): Matcher {
  const tests: Matcher[] = [pathMatcher(match.path)];
  const { method, headers = [], query = [] } = match;
  if (method !== undefined) tests.push((request) => request.method === method);
  for (const one of headers) tests.push(valueMatcher(one, (request) => headerText(request, one.name)));
  for (const one of query)
    tests.push(valueMatcher(one, (request) => request.query.get(one.name) ?? undefined));
  return (request) => tests.every((fits) => fits(request));
}

function pathMatcher({ type, value }: RequestMatch["path"]): Matcher {
  switch (type) {
    case "any":
      return () => true;
    case "exact":
      return ({ plainPath }) => plainPath === value;
    case "prefix": {
      const stem = stemOf(value);
      return ({ plainPath: path }) =>
        path.startsWith(stem) && (path.length === stem.length || path[stem.length] === "/");
    }
    case "regex": {
      const pattern = compileGoRegexp(value);
      return ({ plainPath }) => pattern.test(plainPath);
    }
  }
}

/** `/foo/` covers what `/foo` covers: whole segments. */
export function stemOf(prefix: string): string {
  return prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
}

function valueMatcher({ type, value }: ValueMatch, read: (request: Incoming) => string | undefined): Matcher {
  if (type === "exact") return (request) => read(request) === value;
  const pattern = compileGoRegexp(value);
  return (request) => {
    const text = read(request);
    return text !== undefined && pattern.test(text);
  };
}

function headerText({ headers }: Incoming, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
