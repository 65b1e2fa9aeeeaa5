// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GantryError } from "../../../base/index.ts";
import { detectSyntax, parseGitReference, parseRunMount } from "../../../formats/index.ts";
import { parseChmod } from "./chmod.ts";
import { dockerfileFrontend } from "./dockerfile-frontend.ts";
import { FakeHost } from "./fake-host.test-support.ts";
import { parseLintOptions } from "./lint/linter.ts";

const MAX_MS = 10_000;
const word = fc.constantFrom(
  ..."FROM busybox scratch AS a b RUN COPY ADD ENV ARG LABEL WORKDIR USER EXPOSE VOLUME CMD ENTRYPOINT ONBUILD".split(
    " ",
  ),
  ..."SHELL HEALTHCHECK NONE STOPSIGNAL SIGTERM MAINTAINER --from=a --from=0 --link --chmod=u+x --chmod=7 --parents".split(
    " ",
  ),
  ..."--mount=type=cache,target=/x --mount=from=b,target=$x --mount=type=secret,id=t,env=E --network=none".split(
    " ",
  ),
  ..."--exclude=* --checksum=sha256:0 http://h/x git@h:r.git https://h/r.git?ref=x#y:z /a ./b ../c . / /./ a=1".split(
    " ",
  ),
  ...'$a ${a:-b} ${a##*/} ${b//a/c} ${ \' " ["x"] [ ] <<E <<-"E" E 80/tcp 1-9 # check=skip=all escape=`'.split(
    " ",
  ),
  ..."syntax=docker/dockerfile:1 \\ \\\n \n \n\n \t \u0000 \u2028 \ud800 é =".split(" "),
);
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(word, { maxLength: 60 }).map((words) => words.join(" ")),
  fc.array(word, { maxLength: 60 }).map((words) => `FROM busybox AS a\n${words.join(" ")}`),
  fc
    .array(fc.tuple(word, fc.array(word, { maxLength: 6 })), { maxLength: 12 })
    .map(
      (lines) =>
        `ARG a=1\nFROM busybox AS a\n${lines.map(([first, rest]) => [first, ...rest].join(" ")).join("\n")}`,
    ),
);
const REQUESTS = [undefined, "frontend.lint", "frontend.outline", "frontend.targets"];

/** Fails unless the work ends well or by an error that is meant. */
async function endsWell(work: () => unknown): Promise<void> {
  const started = performance.now();
  try {
    await work();
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
  }
  expect(performance.now() - started).toBeLessThan(MAX_MS);
}

describe("whatever a client sends", () => {
  it("a Dockerfile is built or refused", async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom(...REQUESTS), async (dockerfile, requestid) => {
        const host = new FakeHost(dockerfile, requestid ? { requestid } : {}, { "busybox:latest": {} });
        await endsWell(() => dockerfileFrontend(host));
        expect(host.openTrees).toBe(0);
      }),
      { numRuns: 600 },
    );
  });

  it("options are understood or refused", async () => {
    const key = fc.constantFrom(
      ..."platform target no-cache add-hosts ulimit shm-size memory cpusetcpus force-network-mode multi-platform".split(
        " ",
      ),
      ..."image-resolve-mode context context:a context:busybox filename contextsubdir build-arg:X label:__proto__".split(
        " ",
      ),
      ..."build-arg:SOURCE_DATE_EPOCH build-arg:__proto__ frontend.caps build-arg:BUILDKIT_SYNTAX cgroup-parent".split(
        " ",
      ),
    );
    const value = fc.oneof(
      fc.string(),
      fc.constantFrom(
        "linux/amd64",
        "a=1.2.3.4",
        "nofile=1:2",
        "1",
        "local:x",
        "docker-image://busybox",
        "input:x",
        "git@a:b",
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, value, { maxKeys: 4 }), (options) =>
        endsWell(() =>
          dockerfileFrontend(
            new FakeHost("FROM busybox AS a\nCOPY . /\nRUN x", { ...options }, { "busybox:latest": {} }),
          ),
        ),
      ),
      { numRuns: 400 },
    );
  });

  it("single texts are understood or refused", async () => {
    const piece = fc.constantFrom(
      ...'type= cache bind secret target= / , = " uid= 1 mode= git@ h : # ? & https:// .git ref= { } syntax= // #! skip= ; error= true u + - x'.split(
        " ",
      ),
    );
    const any = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join("")),
    );
    await fc.assert(
      fc.asyncProperty(any, async (one) => {
        await endsWell(() => parseRunMount(one, (value) => value));
        await endsWell(() => parseGitReference(one));
        await endsWell(() => parseLintOptions(one));
        await endsWell(() => parseChmod(one));
        await endsWell(() => detectSyntax(one));
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    [
      "deep chains of stages",
      `FROM scratch AS s0\n${Array.from({ length: 1500 }, (_, at) => `FROM s${at} AS s${at + 1}\nCOPY a /`).join("\n")}`,
    ],
    ["a long stage", `FROM busybox\n${"COPY a /\n".repeat(4000)}`],
    ["many sources", `FROM busybox\nCOPY ${"a ".repeat(30_000)} /`],
    [
      "many stages that copy of each other",
      Array.from(
        { length: 1500 },
        (_, at) =>
          `FROM scratch AS s${at}\nCOPY --from=${Math.max(0, at - 1)} a /\nCOPY --from=${at >> 1} b /`,
      )
        .join("\n")
        .replace("COPY --from=0 a /\nCOPY --from=0 b /", "COPY x /"),
    ],
    ["nested substitutions", `FROM busybox\nENV a=${"${b:-".repeat(2000)}x${"}".repeat(2000)}`],
    ["patterns", `FROM busybox\nENV a=${"a".repeat(50_000)}\nENV b=\${a//${"*a".repeat(200)}b/c}`],
    ["comments", `${"#a\n".repeat(300_000)}FROM busybox\nARG ${"a ".repeat(100_000)}`],
    ["flags", `FROM busybox\nRUN ${"--mount=type=ssh ".repeat(20_000)} x`],
    ["lines of one instruction", `FROM busybox\nCOPY \\\n${"$a\\\n".repeat(200_000)} b /`],
    [
      "names that are like others",
      `FROM busybox\nENV ${Array.from({ length: 20_000 }, (_, at) => `v${at + 10_000}=`).join(" ")}\nCOPY ${Array.from({ length: 20_000 }, (_, at) => `$w${at + 10_000}`).join(" ")} /`,
    ],
    [
      "variables that are set again and again",
      `FROM busybox\nENV ${Array.from({ length: 50_000 }, (_, at) => `a${at}=`).join(" ")}\n${"ENV a=1\n".repeat(3000)}`,
    ],
    [
      "excludes of many sources",
      `FROM busybox\nCOPY ${"--exclude=a ".repeat(30_000)} ${"a ".repeat(30_000)} /`,
    ],
    ["quotes", `FROM busybox\nLABEL ${'"'.repeat(200_001)}`],
  ])("%s take their time, but not more", async (_, dockerfile) => {
    const started = performance.now();
    const host = new FakeHost(dockerfile, {}, { "busybox:latest": {} });
    await dockerfileFrontend(host).catch((error: unknown) => expect(error).toBeInstanceOf(GantryError));
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});
