import { invalidArgument } from "../../base/index.ts";
import { csvFields, csvPairs } from "./csv-fields.ts";

export interface OutputWish {
  type: string;
  /** Where it goes on this side; `-` is standard output, empty is nowhere. */
  destination: string;
  attributes: Record<string, string>;
}

/** `--output`: `type=TYPE[,dest=PATH][,KEY=VALUE]`, a directory, or `-` for an archive to standard output (buildx, ParseExports). */
export function parseOutput(text: string): OutputWish {
  const fields = csvFields(text);
  if (fields.length === 1 && fields[0] === text && !text.startsWith("type="))
    return { type: text === "-" ? "tar" : "local", destination: text, attributes: {} };
  const attributes: Record<string, string> = {};
  let [type, destination] = ["", ""];
  for (const [key, value] of csvPairs(text, (field) => `invalid value ${field}`)) {
    if (key === "type") type = value;
    else if (key === "dest") destination = value;
    else attributes[key] = value;
  }
  if (type === "") throw invalidArgument("type is required for output");
  return { type, destination, attributes };
}
