// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isGantryError } from "../../base/index.ts";
import { expandWord, parseDockerfile } from "../index.ts";

const only = (text: string) => {
  const { stages } = parseDockerfile(`FROM scratch\n${text}`);
  expect(stages[0]!.instructions).toHaveLength(1);
  return stages[0]!.instructions[0]!;
};

const failure = (text: string, file?: string): string => {
  try {
    parseDockerfile(text, file);
  } catch (error) {
    expect(isGantryError(error, "InvalidArgument")).toBe(true);
    return (error as Error).message;
  }
  throw new Error("parsed");
};

describe("instructions", () => {
  it.each<[string, Record<string, unknown>]>([
    ["ADD a b /c/", { kind: "ADD", copy: { sources: ["a", "b"], destination: "/c/" } }],
    ["add --chown=1:2 --chmod=755 a /c", { copy: { chown: "1:2", chmod: "755" } }],
    ["ADD --checksum=sha256:00 http://x/y /c", { checksum: "sha256:00" }],
    ["COPY --from=build --link /a /b", { kind: "COPY", from: "build", copy: { link: true } }],
    ['COPY ["a b", "c d"]', { copy: { sources: ["a b"], destination: "c d" } }],
    ["ARG a b=1 c='x y'", { args: [{ key: "a" }, { key: "b", value: "1" }, { key: "c", value: "'x y'" }] }],
    ["CMD echo  a   b", { command: { form: "shell", argv: ["echo  a   b"], heredocs: [] } }],
    ['CMD ["a", "b"]', { command: { form: "exec", argv: ["a", "b"], heredocs: [] } }],
    ["CMD []", { command: { form: "exec", argv: [], heredocs: [] } }],
    ["CMD ['a']", { command: { form: "shell", argv: ["['a']"], heredocs: [] } }],
    [
      'ENV a=1 b="x y" c=p\\ q',
      {
        pairs: [
          { key: "a", value: "1" },
          { key: "b", value: '"x y"' },
          { key: "c", value: "p\\ q" },
        ],
      },
    ],
    ["ENV name some  value here", { pairs: [{ key: "name", value: "some  value here" }] }],
    ["EXPOSE 80 7000-7002/udp", { ports: ["7000-7002/udp", "80"] }],
    [
      'LABEL a.b=c "d e"=f',
      {
        pairs: [
          { key: "a.b", value: "c" },
          { key: '"d e"', value: "f" },
        ],
      },
    ],
    ["MAINTAINER Some One <a@b>", { maintainer: "Some One <a@b>" }],
    ["ONBUILD RUN  echo a", { expression: "RUN  echo a" }],
    ['SHELL ["/bin/bash", "-c"]', { shell: ["/bin/bash", "-c"] }],
    ["STOPSIGNAL SIGQUIT", { signal: "SIGQUIT" }],
    ["USER 1000:1000", { user: "1000:1000" }],
    ["VOLUME /a /b", { volumes: ["/a", "/b"] }],
    ['VOLUME ["/a b"]', { volumes: ["/a b"] }],
    ["WORKDIR /a b", { path: "/a b" }],
    ["HEALTHCHECK NONE", { healthcheck: { Test: ["NONE"] } }],
    [
      "HEALTHCHECK --interval=5s --timeout=1m30s --retries=3 CMD curl -f localhost",
      { healthcheck: { Test: ["CMD-SHELL", "curl -f localhost"], Interval: 5e9, Timeout: 90e9, Retries: 3 } },
    ],
    ['HEALTHCHECK CMD ["a","b"]', { healthcheck: { Test: ["CMD", "a", "b"] } }],
    [
      "RUN --mount=type=cache,target=/c --network=none make",
      { network: "none", mounts: ["type=cache,target=/c"] },
    ],
  ])("%s", (text, expected) => {
    expect(only(text)).toMatchObject(expected);
  });

  it("joins continuation lines, drops comments between them, and keeps line numbers", () => {
    const { stages, warnings } = parseDockerfile(
      "FROM a\n\nRUN one \\\n  # remark\n  two \\ \n\n  three\nUSER x\n",
    );
    const [run, user] = stages[0]!.instructions;
    expect(run).toMatchObject({ line: 3, endLine: 7, command: { argv: ["one   two   three"] } });
    expect(user).toMatchObject({ line: 8 });
    expect(warnings).toHaveLength(1);
  });

  it("takes the escape and syntax directives", () => {
    const file = parseDockerfile("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\n y\\\nUSER b");
    expect(file).toMatchObject({ escapeChar: "`", syntax: "docker/dockerfile:1" });
    expect(file.stages[0]!.instructions).toMatchObject([{ command: { argv: ["x  y\\"] } }, { user: "b" }]);
  });

  it("reads CRLF and a byte order mark", () => {
    const file = parseDockerfile("\uFEFFFROM a\r\nRUN x \\\r\n y\r\n");
    expect(file.stages[0]!.instructions).toMatchObject([{ command: { argv: ["x  y"] } }]);
  });

  it("reads stages and the ARGs before them", () => {
    const file = parseDockerfile(
      "ARG V=1\nFROM a:$V AS Build\nRUN x\nFROM --platform=linux/amd64 b\nCOPY --from=build /a /",
    );
    expect(file.metaArgs).toMatchObject([{ args: [{ key: "V", value: "1" }] }]);
    expect(file.stages.map((stage) => stage.name)).toEqual(["build", ""]);
    expect(file.stages[1]!.from).toMatchObject({ base: "b", platform: "linux/amd64" });
  });
});

describe("here-documents", () => {
  it("belong to RUN", () => {
    expect(only("RUN <<EOF\necho a\n\n# kept\nEOF\n")).toMatchObject({
      command: { argv: ["<<EOF"], heredocs: [{ name: "EOF", content: "echo a\n\n# kept\n", expand: true }] },
    });
  });

  it("become files of COPY, several of them, quoted or with tabs stripped", () => {
    expect(only('COPY <<"a.txt" <<-b.txt /d/\n$x\na.txt\n\t\ttab\n\tb.txt\n')).toMatchObject({
      copy: {
        sources: [],
        destination: "/d/",
        inlineFiles: [
          { path: "a.txt", content: "$x\n", expand: false },
          { path: "b.txt", content: "tab\n", expand: true },
        ],
      },
    });
  });

  it("are not seen in JSON form and in other instructions", () => {
    expect(only('RUN ["cat", "<<EOF"]')).toMatchObject({ command: { argv: ["cat", "<<EOF"] } });
    expect(only("CMD cat <<EOF")).toMatchObject({ command: { argv: ["cat <<EOF"] } });
    expect(only("RUN echo $((1 << 3))")).toMatchObject({ command: { heredocs: [] } });
  });

  it("travel with ONBUILD", () => {
    expect(only("ONBUILD COPY <<EOF /x\nhi\nEOF")).toMatchObject({ expression: "COPY <<EOF /x\nhi\nEOF" });
  });
});

describe("mistakes", () => {
  it.each([
    ["FROM a\n\nFORM b", "dockerfile parse error on line 3: unknown instruction: FORM (did you mean FROM?)"],
    ["FROM a\nBLAH", "dockerfile parse error on line 2: unknown instruction: BLAH"],
    ["FROM a b", "dockerfile parse error on line 1: FROM requires either one or three arguments"],
    [
      "FROM a AS 1b",
      'dockerfile parse error on line 1: invalid name for build stage: "1b", name can\'t start with a number or contain symbols',
    ],
    ["RUN x", "dockerfile parse error on line 1: no build stage in current context"],
    ["", "dockerfile parse error on line 1: file with no instructions"],
    ["FROM a\nENV x", "dockerfile parse error on line 2: ENV must have two arguments"],
    [
      "FROM a\nENV x=1 y",
      `dockerfile parse error on line 2: Syntax error - can't find = in "y". Must be of the form: name=value`,
    ],
    ["FROM a\nENV", "dockerfile parse error on line 2: ENV requires at least one argument"],
    [
      "FROM a\nCOPY x",
      "dockerfile parse error on line 2: COPY requires at least two arguments, but only one was provided. Destination could not be determined",
    ],
    [
      "FROM a\nCOPY --form=x a b",
      "dockerfile parse error on line 2: unknown flag: --form (did you mean from?)",
    ],
    ["FROM a\nCOPY --from a b", "dockerfile parse error on line 2: missing a value on flag: --from"],
    [
      'FROM a\nCMD ["a", 1]',
      "dockerfile parse error on line 2: when using JSON array syntax, arrays must be comprised of strings only",
    ],
    [
      "FROM a\nHEALTHCHECK --interval=5 CMD x",
      'dockerfile parse error on line 2: time: missing unit in duration "5"',
    ],
    ["FROM a\nONBUILD FROM b", "dockerfile parse error on line 2: FROM isn't allowed as an ONBUILD trigger"],
    ["FROM a\nRUN <<EOF\nx", "dockerfile parse error on line 2: unterminated heredoc"],
    [
      "# escape=x\nFROM a",
      "dockerfile parse error on line 1: invalid escape token 'x' does not match ` or \\",
    ],
    [
      "FROM a\nSHELL bash",
      "dockerfile parse error on line 2: SHELL requires the arguments to be in JSON form",
    ],
    ['FROM a\nVOLUME [""]', "dockerfile parse error on line 2: VOLUME specified can not be an empty string"],
  ])("%j", (text, message) => {
    expect(failure(text)).toBe(message);
  });

  it("name the file when it is another than Dockerfile", () => {
    expect(failure("FORM", "web.Dockerfile")).toMatch(
      /^failed to parse web.Dockerfile: dockerfile parse error on line 1/,
    );
  });

  it("never leave the parser as anything but an InvalidArgument", () => {
    const word = fc.constantFrom(
      "FROM",
      "RUN",
      "COPY",
      "ENV",
      "ARG",
      "--x",
      "--from=",
      "<<E",
      "E",
      "\\",
      '"',
      "'",
      "[",
      "]",
      "$",
      "${a",
      "=",
      "\n",
      " ",
      "#",
      "ONBUILD",
      "HEALTHCHECK",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(" ")),
          fc.array(word).map((words) => `FROM a\n${words.join("")}`),
        ),
        (text) => {
          try {
            parseDockerfile(text);
          } catch (error) {
            expect(isGantryError(error, "InvalidArgument")).toBe(true);
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe("substitution", () => {
  const variables = new Map([
    ["a", "1"],
    ["empty", ""],
    ["path", "/x/y/z.tar.gz"],
    ["sp", "p q"],
  ]);

  it.each([
    ["$a", "1"],
    ["${a}b", "1b"],
    ["$unset.", "."],
    ["\\$a", "$a"],
    ["'$a'", "$a"],
    ['"$a"', "1"],
    ['"\\$a \\x"', "$a \\x"],
    ["${unset:-d}", "d"],
    ["${empty:-d}", "d"],
    ["${empty-d}", ""],
    ["${a:+set}", "set"],
    ["${empty:+set}", ""],
    ["${empty+set}", "set"],
    ["${unset:-${a}x}", "1x"],
    ["${unset:-'a b'}", "a b"],
    ["${a:?no}", "1"],
    ["${path#*/}", "x/y/z.tar.gz"],
    ["${path##*/}", "z.tar.gz"],
    ["${path%.*}", "/x/y/z.tar"],
    ["${path%%.*}", "/x/y/z"],
    ["${path/\\//-}", "-x/y/z.tar.gz"],
    ["${path//\\//-}", "-x-y-z.tar.gz"],
    ["${path/y?z/w}", "/x/w.tar.gz"],
    ["${a/$unset/w}", "w1"],
    ["${sp//$empty/-}", "-p- -q-"],
    ["${sp//*/x}", "x"],
    ["${empty/*/x}", "x"],
    ["${unset/a/x}.", "."],
    ["${sp#$a}${sp% q}", "p qp"],
    ["$", "$"],
    ["a$ b", "a$ b"],
    ["日$a", "日1"],
  ])("%s", (text, expected) => {
    expect(expandWord(text, variables).text).toBe(expected);
  });

  it.each([
    ["${a", 'failed to process "${a": unsupported modifier (\ufffd) in substitution'],
    ["${}", 'failed to process "${}": syntax error: bad substitution'],
    ["${a:x}", 'failed to process "${a:x}": unsupported modifier (:x) in substitution'],
    ["${unset:?must be}", 'failed to process "${unset:?must be}": unset: must be'],
    ["${unset?}", 'failed to process "${unset?}": unset: is not allowed to be unset'],
    ["'x", 'failed to process "\'x": unexpected end of statement while looking for matching single-quote'],
    ["${a:-x", "failed to process \"${a:-x\": syntax error: missing '}'"],
  ])("refuses %s", (text, message) => {
    expect(() => expandWord(text, variables)).toThrow(message);
  });

  it("splits words after substitution, but not inside quotes", () => {
    expect(expandWord('$sp "$sp" x', variables).words).toEqual(["p", "q", "p q", "x"]);
  });

  it("names what it used", () => {
    expect([...expandWord("$a $unset", variables).used]).toEqual(["a"]);
  });

  it("leaves text without special characters as it is", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w ./:=,-]*$/), (text) => {
        expect(expandWord(text, variables).text).toBe(text);
      }),
    );
  });

  it("is quick on patterns made to be slow", () => {
    const long = new Map([["v", "a".repeat(3000)]]);
    expect(expandWord("${v#*a*a*a*a*a*a*b}", long).text).toBe(long.get("v"));
  });
});
