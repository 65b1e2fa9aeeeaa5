import { patternProblem } from "../pattern.ts";
import type { AnnotationReader } from "./annotation-reader.ts";
import type { CanarySettings } from "./ingress-settings.ts";

const TOKEN = /^[\w-]+$/;

/** `canary` and its family. */
export function readCanary(reader: AnnotationReader): CanarySettings | undefined {
  const isCanary = reader.flag("canary") ?? false;
  const weightTotal = reader.integer("canary-weight-total", { min: 1, max: 1_000_000 }) ?? 100;
  const weight = reader.integer("canary-weight", { min: 0, max: weightTotal }) ?? 0;
  const header = reader.matching("canary-by-header", TOKEN, "the name of a header")?.toLowerCase();
  const headerValue = reader.text("canary-by-header-value");
  const headerPattern = readPattern(reader, "canary-by-header-pattern");
  const cookie = reader.matching("canary-by-cookie", TOKEN, "the name of a cookie");
  if (!isCanary) return undefined;
  return {
    weight,
    weightTotal,
    ...(header ? { header } : {}),
    ...(headerValue ? { headerValue } : {}),
    ...(headerPattern ? { headerPattern } : {}),
    ...(cookie ? { cookie } : {}),
  };
}

function readPattern(reader: AnnotationReader, name: string): string | undefined {
  const text = reader.text(name);
  if (text === undefined) return undefined;
  const problem = patternProblem(text);
  if (problem === undefined) return text;
  reader.tell(name, problem);
  return undefined;
}
