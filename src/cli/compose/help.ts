import type { Flags } from "./flags.ts";
import type { Verb } from "./verb.ts";

const WIDTH = 80;

/** The page of `gantry compose --help`. */
export function composeHelp(globals: Flags, verbs: Readonly<Record<string, Verb>>): string {
  const width = Math.max(...Object.keys(verbs).map((name) => name.length)) + 2;
  const commands = Object.keys(verbs)
    .sort()
    .map((name) => `  ${name.padEnd(width)}${verbs[name]!.summary}`);
  return [
    "Usage:  gantry compose [OPTIONS] COMMAND",
    "",
    "Define and run multi-container applications, on the engine or on the cluster",
    "",
    "Options:",
    ...flagLines(globals),
    "",
    "Commands:",
    ...commands,
    "",
    "Run 'gantry compose COMMAND --help' for more information on a command.",
    "",
  ].join("\n");
}

/** The page of one command. */
export function verbHelp(name: string, verb: Verb): string {
  const flags = verb.flags ?? {};
  return [
    ...verb.usage.map((line, index) =>
      `${index === 0 ? "Usage:  " : "\t"}gantry compose ${name} ${line}`.trimEnd(),
    ),
    "",
    verb.summary,
    ...(verb.details ? ["", verb.details] : []),
    ...(Object.keys(flags).length > 0 ? ["", "Options:", ...flagLines(flags)] : []),
    "",
  ].join("\n");
}

/** A line or more for each flag. */
export function flagLines(flags: Flags): string[] {
  const rows = Object.keys(flags)
    .sort()
    .map((name) => {
      const { short, type, value, help, default: preset } = flags[name]!;
      const kind = value ?? { flag: "", text: "string", number: "int", list: "stringArray" }[type];
      const left = `  ${short ? `-${short}, ` : "    "}--${name}${kind ? ` ${kind}` : ""}`;
      const shown =
        preset === undefined || preset === false || preset === ""
          ? ""
          : ` (default ${JSON.stringify(preset)})`;
      return { left, right: help + shown };
    });
  const column = Math.max(...rows.map(({ left }) => left.length)) + 3;
  return rows.flatMap(({ left, right }) =>
    wrap(right, Math.max(24, WIDTH - column)).map(
      (line, index) => (index === 0 ? left : "").padEnd(column) + line,
    ),
  );
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line !== "" && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
}
