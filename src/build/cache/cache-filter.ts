import { invalidArgument } from "../../base/index.ts";
import type { CacheUsage } from "../solver/types.ts";

type Test = (usage: CacheUsage) => boolean;

/**
 * Filters as buildx sends them (containerd's filters, over BuildKit's fields): `type==exec.cachemount,mutable`. What one of several
 * filters takes is taken; of one filter all parts have to hold. A field alone asks whether it is there.
 */
export function cacheFilter(filters: readonly string[]): Test {
  const tests = filters.map(readFilter);
  return (usage) => tests.length === 0 || tests.some((test) => test(usage));
}

const PART = /^\s*([a-z]+)\s*(?:(==|!=|~=)\s*("(?:[^"\\]|\\.)*"|[^\s",]*)\s*)?(?:,|$)/i;

function readFilter(text: string): Test {
  const tests: Test[] = [];
  let rest = text;
  while (rest.trim() !== "") {
    const match = PART.exec(rest);
    if (!match) throw invalidFilter(text);
    const [whole, field = "", operator, value = ""] = match;
    tests.push(readPart(text, field, operator, unquoted(value, text)));
    rest = rest.slice(whole.length);
  }
  return (usage) => tests.every((test) => test(usage));
}

function readPart(text: string, field: string, operator: string | undefined, value: string): Test {
  if (operator === undefined) return (usage) => fieldOf(usage, field) !== undefined;
  if (operator === "==") return (usage) => fieldOf(usage, field) === value;
  if (operator === "!=") return (usage) => (fieldOf(usage, field) ?? "") !== value;
  const pattern = readPattern(text, value);
  return (usage) => pattern.test(fieldOf(usage, field) ?? "");
}

function readPattern(text: string, value: string): RegExp {
  try {
    return new RegExp(value);
  } catch {
    throw invalidFilter(text);
  }
}

/** As BuildKit adapts its records (moby/buildkit, cache/manager.go, adaptUsageInfo): flags are fields without a value that are there or not. */
function fieldOf(usage: CacheUsage, field: string): string | undefined {
  const flag = (isSet: boolean) => (isSet ? "" : undefined);
  switch (field) {
    case "id":
      return usage.id;
    case "parents":
      return usage.parents.length > 0 ? usage.parents.join(";") : undefined;
    case "description":
      return usage.description || undefined;
    case "type":
      return usage.recordType;
    case "inuse":
      return flag(usage.inUse);
    case "mutable":
      return flag(usage.mutable);
    case "immutable":
      return flag(!usage.mutable);
    case "shared":
      return flag(usage.shared);
    case "private":
      return flag(!usage.shared);
    default:
      return undefined;
  }
}

function unquoted(value: string, text: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return JSON.parse(value) as string;
  } catch {
    throw invalidFilter(text);
  }
}

function invalidFilter(text: string) {
  return invalidArgument(`failed to parse prune filters [${text}]: parse error`, { code: "Build.Filter" });
}
