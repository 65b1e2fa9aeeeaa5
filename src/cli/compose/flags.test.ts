import { describe, expect, it } from "vitest";
import { type Flags, parseFlags } from "./flags.ts";

const FLAGS: Flags = {
  detach: { short: "d", type: "flag", help: "" },
  volumes: { short: "v", type: "flag", help: "" },
  file: { short: "f", type: "list", help: "" },
  timeout: { short: "t", type: "number", help: "" },
  pull: { type: "text", default: "policy", help: "" },
};
const parse = (line: string, interspersed = true) => parseFlags(line.split(" "), FLAGS, interspersed);

describe("a command line", () => {
  it("may write options as the docker CLI takes them", () => {
    const { flags, args } = parse("web -dv -fa.yaml --file=b.yaml -f c.yaml -t 5 --pull always db");
    expect(args).toEqual(["web", "db"]);
    expect([flags.flag("detach"), flags.flag("volumes"), flags.list("file")]).toEqual([
      true,
      true,
      ["a.yaml", "b.yaml", "c.yaml"],
    ]);
    expect([flags.number("timeout"), flags.text("pull")]).toEqual([5, "always"]);
  });

  it("ends options at `--`, and where another program's begin", () => {
    expect(parse("-d -- -v x").args).toEqual(["-v", "x"]);
    expect(parse("web ls -d", false)).toMatchObject({ args: ["web", "ls", "-d"] });
  });

  it("knows defaults and what was not given", () => {
    const { flags } = parse("x --detach=false");
    expect([flags.text("pull"), flags.has("pull"), flags.flag("detach")]).toEqual(["policy", false, false]);
  });

  it.each([
    ["--nope", "unknown flag: --nope"],
    ["-x", "unknown shorthand flag: 'x' in -x"],
    ["--file", "flag needs an argument: --file"],
    ["-f", "flag needs an argument: 'f' in -f"],
    ["-t x", 'invalid argument "x" for "-t, --timeout" flag'],
    ["--detach=maybe", 'invalid argument "maybe" for "--detach" flag'],
  ])("%j is refused", (line, message) => expect(() => parse(line)).toThrow(message));
});
