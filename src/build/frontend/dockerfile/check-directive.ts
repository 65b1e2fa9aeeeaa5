import { directivesOf } from "../../../formats/index.ts";
import type { SourceMap } from "./source-map.ts";

/** Value of the directive `# check=…`; empty where there is none. */
export function checkDirective({ info }: SourceMap): string {
  const directive = directivesOf(Buffer.from(info.data).toString()).find(({ name }) => name === "check");
  // Up to the first space, as with all of them.
  return directive?.value.split(" ")[0] ?? "";
}
