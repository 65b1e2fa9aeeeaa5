import { FLAG_SECTIONS, type Flag } from "./flag-table.ts";

const TYPES: Record<Flag["type"], string> = {
  string: "string",
  boolean: "",
  integer: "int",
  number: "float",
  duration: "duration",
  strings: "strings",
  texts: "stringArray",
  pairs: "key=value",
  file: "file",
  files: "file",
};

/** The flags by sections, as upstream's programs list them. */
export function flagsHelp(): string {
  return FLAG_SECTIONS.map(({ title, flags }) => `${title}:\n\n${flags.map(flagHelp).join("\n")}\n`).join(
    "\n",
  );
}

function flagHelp({ name, type, default: value, help }: Flag): string {
  const head = `--${name}${TYPES[type] === "" ? "" : ` ${TYPES[type]}`}`;
  const isShown = value !== undefined && value !== "false" && value !== "0" && value !== "0s";
  return `    ${head}\n          ${help}${isShown ? ` (default ${value})` : ""}`;
}
