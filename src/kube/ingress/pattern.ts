import { errorMessage } from "../../base/index.ts";
import { compileGoRegexp } from "../../formats/index.ts";

/** Why a text is no pattern that the proxy can match by; undefined: it is one. */
export function patternProblem(pattern: string): string | undefined {
  try {
    compileGoRegexp(pattern);
    return undefined;
  } catch (error) {
    return `${JSON.stringify(pattern)} is no valid pattern: ${errorMessage(error)}`;
  }
}
