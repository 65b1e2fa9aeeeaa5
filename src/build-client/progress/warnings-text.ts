import type { WarningEvent } from "../../build/index.ts";

/** The warnings of a build, for its end (docker/buildx, printWarnings). */
export function warningsText(warnings: readonly WarningEvent[], colors: boolean): string {
  if (warnings.length === 0) return "";
  const count = warnings.length === 1 ? "1 warning found" : `${warnings.length} warnings found`;
  const head = `${count} (use --debug to expand):\n`;
  const lines = warnings.map(({ short }) => ` - ${short}\n`).join("");
  return `\n ${colors ? `\x1b[33m${head}\x1b[0m` : head}${lines}`;
}

/** The same with all that there is to say of each. */
export function detailedWarningsText(warnings: readonly WarningEvent[]): string {
  if (warnings.length === 0) return "";
  const count = warnings.length === 1 ? "1 warning found" : `${warnings.length} warnings found`;
  const each = warnings.map(({ short, detail, url }) => {
    const more = url === "" ? "" : `More info: ${url}\n`;
    return ` - ${short}\n${detail.map((line) => `${line}\n`).join("")}${more}\n`;
  });
  return `\n ${count}:\n${each.join("")}`;
}
