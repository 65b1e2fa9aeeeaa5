import { errorMessage } from "../../../../base/index.ts";
import type { SourceRange } from "../../../llb/index.ts";
import { LocatedError } from "../../located-error.ts";
import { goIndentedJson } from "../go-text.ts";
import type { LintWarning } from "../lint/linter.ts";
import type { SourceMap } from "../source-map.ts";
import { type JsonLocation, jsonLocation } from "./json-location.ts";
import { sourceExcerpt } from "./source-excerpt.ts";

export const LINT_REQUEST = {
  name: "frontend.lint",
  version: "1.0.0",
  type: "rpc",
  description: "Lint a Dockerfile",
  opts: [],
  inputs: null,
  metadata: [
    { name: "result.json", description: "" },
    { name: "result.txt", description: "" },
    { name: "result.statuscode", description: "" },
  ],
  refs: null,
};

interface JsonWarning {
  ruleName: string;
  description?: string;
  url?: string;
  detail?: string;
  location: JsonLocation;
}

/** Answer of `docker build --check`: what the linter found, and why the Dockerfile cannot be built if so. */
export function lintResult(
  source: SourceMap,
  warnings: readonly LintWarning[],
  failure: unknown,
): Record<string, Buffer> {
  const { filename, language, data } = source.info;
  const found = warnings.map((warning) => jsonWarning(warning, source));
  const document = {
    warnings: found.length > 0 ? found : null,
    sources: [{ filename, language, data: Buffer.from(data).toString("base64") }],
    ...(failure === undefined ? {} : { buildError: buildError(failure) }),
  };
  const text = found.toSorted(byLine).map((warning) => warningText(warning, source));
  return {
    "result.json": Buffer.from(goIndentedJson(document)),
    "result.txt": Buffer.from(text.join("")),
    "result.statuscode": Buffer.from(found.length > 0 || failure !== undefined ? "1" : "0"),
    version: Buffer.from(LINT_REQUEST.version),
  };
}

function jsonWarning(
  { rule, description, url, message, lines }: LintWarning,
  source: SourceMap,
): JsonWarning {
  return {
    ruleName: rule,
    description,
    ...(url === "" ? {} : { url }),
    detail: message,
    location: jsonLocation(lines ? source.ranges(lines) : []),
  };
}

function buildError(failure: unknown) {
  const ranges = failure instanceof LocatedError ? failure.locations.flatMap((one) => one.ranges) : [];
  return { message: errorMessage(failure), location: jsonLocation(mergedLines(ranges)) };
}

/** Ranges that touch the same lines become one. */
function mergedLines(ranges: readonly SourceRange[]): SourceRange[] {
  if (ranges.length < 2) return [...ranges];
  const merged: SourceRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start!.line - b.start!.line)) {
    const last = merged.at(-1);
    if (last && range.start!.line <= last.end!.line)
      last.end = { ...last.end!, line: Math.max(last.end!.line, range.end!.line) };
    else merged.push({ start: { ...range.start! }, end: { ...range.end! } });
  }
  return merged;
}

function byLine(a: JsonWarning, b: JsonWarning): number {
  const lineOf = ({ location }: JsonWarning) => location.ranges?.[0]?.start?.line ?? 0;
  return lineOf(a) - lineOf(b) || (lineOf(a) === 0 && a.ruleName < b.ruleName ? -1 : 0);
}

function warningText({ ruleName, url, detail, location }: JsonWarning, source: SourceMap): string {
  const link = url === undefined ? "" : ` - ${url}`;
  const lines = (location.ranges ?? []).map(({ start }) => start?.line ?? 0);
  return `\nWARNING: ${ruleName}${link}\n${detail}\n${sourceExcerpt(source, lines)}`;
}
