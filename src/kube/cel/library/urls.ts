import {
  escapedPath,
  type GoUrl,
  hostName,
  parseRequestUri,
  portOf,
  queryValues,
} from "../../../formats/index.ts";
import { type CelFunction, fn, memberOverload, overload } from "../functions/declaration.ts";
import { BOOL, type CelType, listType, mapType, objectType, STRING } from "../types/cel-type.ts";
import { CelError } from "../values/cel-error.ts";
import { ValueList, ValueMap } from "../values/collections.ts";
import { CelObject, type Result } from "../values/value.ts";

const URL_TYPE = objectType("kubernetes.URL");

class CelUrl extends CelObject {
  readonly type = URL_TYPE;
  readonly url: GoUrl;

  constructor(url: GoUrl) {
    super();
    this.url = url;
  }

  equals(other: CelObject): boolean {
    return other instanceof CelUrl && identity(this.url) === identity(other.url);
  }
}

function identity(url: GoUrl): string {
  const { scheme, opaque, userInfo, host, rawQuery, fragment } = url;
  return JSON.stringify([scheme, opaque, userInfo, host, escapedPath(url), rawQuery, fragment]);
}

function toUrl(text: string): Result {
  const parsed = parseRequestUri(text);
  if ("url" in parsed) return new CelUrl(parsed.url);
  return new CelError(`URL parse error during conversion from string: ${parsed.problem}`);
}

function accessor(
  name: string,
  id: string,
  read: (url: GoUrl) => Result,
  result: CelType = STRING,
): CelFunction {
  return fn(name, [memberOverload(id, [URL_TYPE], result, ([value]) => read((value as CelUrl).url))]);
}

function query(url: GoUrl): Result {
  return new ValueMap([...queryValues(url)].map(([key, values]) => [key, new ValueList(values)]));
}

/** Kubernetes' functions on URLs. */
export const URL_FUNCTIONS: CelFunction[] = [
  fn("url", [overload("string_to_url", [STRING], URL_TYPE, ([text]) => toUrl(text as string))]),
  accessor("getScheme", "url_get_scheme", ({ scheme }) => scheme),
  accessor("getHost", "url_get_host", ({ host }) => host),
  accessor("getHostname", "url_get_hostname", hostName),
  accessor("getPort", "url_get_port", portOf),
  accessor("getEscapedPath", "url_get_escaped_path", escapedPath),
  accessor("getQuery", "url_get_query", query, mapType(STRING, listType(STRING))),
  fn("isURL", [
    overload("is_url_string", [STRING], BOOL, ([text]) => "url" in parseRequestUri(text as string)),
  ]),
];
