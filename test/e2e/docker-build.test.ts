import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { useDockerHouse } from "../support/docker.ts";
import type { RunResult } from "../support/run.ts";

// `docker build`: what a Dockerfile means, what is cached, and what is said of one that cannot be built.
const house = useDockerHouse();
const root = mkdtempSync(join(tmpdir(), "gantry-docker-build-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let contexts = 0;
/** A build context of its own. */
function context(files: Record<string, string>): string {
  const dir = join(root, String(++contexts));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

const build = (dir: string, ...options: string[]): Promise<RunResult> =>
  house.docker("build", ...options, dir);
async function built(files: Record<string, string>, ...options: string[]): Promise<string> {
  const result = await build(context(files), ...options);
  if (result.code !== 0) throw new Error(result.stdout + result.stderr);
  return result.stdout;
}
async function fails(dockerfile: string, files: Record<string, string> = {}): Promise<[number, string]> {
  const { code, stderr } = await build(context({ Dockerfile: dockerfile, ...files }));
  const [, message = ""] =
    /^(?:Error response from daemon: )?((?!DEPRECATED|Install|\s).*)\n?$/m.exec(
      stderr.trim().split("\n").at(-1)!,
    ) ?? [];
  return [code, message];
}
const run = (image: string, script: string) => house.ok("run", "--rm", image, "sh", "-c", script);

describe("stages and cache", () => {
  const files = {
    Dockerfile: `
FROM busybox AS base
ARG V=1
ENV A=x$V B="y z"
RUN echo "$A $B" > /made
FROM base AS app
LABEL tier=app
WORKDIR /srv
COPY --from=base /made .
COPY file sub/
RUN cat made
FROM scratch AS bare
COPY --from=app /srv /srv
CMD ["/srv/made"]
`,
    file: "content\n",
  };

  it("build what the target needs, and nothing twice", async () => {
    const dir = context(files);
    const first = await build(dir, "-t", "app:1", "--target", "app");
    expect(first.stdout).toContain("Step 4/10 : RUN echo");
    expect(first.stdout).toMatch(/^Successfully built [0-9a-f]{12}\nSuccessfully tagged app:1$/m);
    expect(await run("app:1", "cat /srv/made /srv/sub/file; echo $A")).toBe("x1 y z\ncontent\nx1");
    const again = await build(dir, "-t", "app:2", "--target", "app");
    expect(again.stdout.match(/^ ---> Using cache$/gm)).toHaveLength(8);
    expect(await house.inspect("app:2", "{{.Id}}")).toBe(await house.inspect("app:1", "{{.Id}}"));
    expect((await build(dir, "--target", "nosuch")).stderr).toContain(
      "failed to reach build target nosuch in Dockerfile",
    );
    await build(dir, "-t", "bare:1");
    expect((await house.sh("docker save bare:1 | tar t | grep -c manifest.json")).stdout.trim()).toBe("1");
    expect(await house.inspect("bare:1", "{{len .RootFS.Layers}} {{json .Config.Cmd}}")).toBe(
      '1 ["/srv/made"]',
    );
  });

  it("are built again from where something has changed", async () => {
    const changed = await build(context({ ...files, file: "other\n" }), "-t", "app:3", "--target", "app");
    expect(changed.stdout.match(/^ ---> Using cache$/gm)).toHaveLength(6);
    expect(await run("app:3", "cat /srv/sub/file")).toBe("other");
    const argument = await build(context(files), "--build-arg", "V=2", "-t", "app:4", "--target", "app");
    expect(argument.stdout.match(/^ ---> Using cache$/gm)).toHaveLength(1);
    expect(await run("app:4", "cat /made")).toBe("x2 y z");
    const uncached = await build(context(files), "--no-cache", "--target", "app");
    expect(uncached.stdout).not.toContain("Using cache");
  });

  it("leave no layer for a step that wrote nothing", async () => {
    await built({ Dockerfile: "FROM busybox\nRUN true\nRUN cat /etc/hosts\nRUN touch /x" }, "-t", "thin:1");
    expect(await house.inspect("thin:1", "{{len .RootFS.Layers}}")).toBe("2");
    const sizes = await house.lines("history", "--format", "{{.Size}}", "thin:1");
    expect(sizes.slice(0, 3)).toEqual(["0B", "0B", "0B"]);
  });
});

describe("instructions", () => {
  it("set the configuration", async () => {
    const dockerfile = `
FROM busybox
HEALTHCHECK --interval=1s --retries=3 CMD true
STOPSIGNAL TERM
VOLUME /data
EXPOSE 80 90/udp
SHELL ["/bin/sh","-ec"]
USER 1:2
ONBUILD RUN echo "triggered by $(id -u)" > /tmp/triggered
ENTRYPOINT ["echo"]
CMD b c
LABEL x=1 "y z"="q r"
`;
    await built({ Dockerfile: dockerfile }, "-t", "configured:1", "--label", "more=1");
    expect(JSON.parse(await house.inspect("configured:1", "{{json .Config}}"))).toMatchObject({
      Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 1e9, Retries: 3 },
      StopSignal: "TERM",
      Volumes: { "/data": {} },
      ExposedPorts: { "80/tcp": {}, "90/udp": {} },
      Shell: ["/bin/sh", "-ec"],
      User: "1:2",
      OnBuild: ['RUN echo "triggered by $(id -u)" > /tmp/triggered'],
      Entrypoint: ["echo"],
      Cmd: ["/bin/sh", "-ec", "b c"],
      Labels: { x: "1", "y z": "q r", more: "1" },
    });
    const output = await built({ Dockerfile: "FROM configured:1\nUSER 0" }, "-t", "triggered:1");
    expect(output).toContain("# Executing 1 build trigger");
    // The trigger comes right after FROM: as the user of that image.
    expect(await house.ok("run", "--rm", "--entrypoint", "cat", "triggered:1", "/tmp/triggered")).toBe(
      "triggered by 1",
    );
  });

  it("ARG is known where it is declared only, ENV wins over it, and predefined ones need no declaration", async () => {
    const dockerfile = `
ARG IMAGE=busybox
FROM $IMAGE
RUN echo "[$IMAGE]" > /image
ARG IMAGE
ARG WHO=arg
ENV WHO=env
RUN echo "$IMAGE $WHO $http_proxy" > /who
`;
    const output = await built(
      { Dockerfile: dockerfile },
      ...["-t", "args:1", "--build-arg", "WHO=cli", "--build-arg", "http_proxy=p", "--build-arg", "NOBODY=1"],
    );
    expect(await run("args:1", "cat /image /who; echo [$http_proxy]")).toBe("[]\nbusybox env p\n[]");
    expect(output).toContain("[Warning] One or more build-args [NOBODY] were not consumed");
    // Of the arguments those count that an ARG names and no ENV hides; predefined ones do not.
    const history = await house.lines("history", "--no-trunc", "--format", "{{.CreatedBy}}", "args:1");
    expect(history.filter((step) => step.includes("echo"))).toEqual([
      `|1 IMAGE=busybox /bin/sh -c echo "$IMAGE $WHO $http_proxy" > /who`,
      `|0 /bin/sh -c echo "[$IMAGE]" > /image`,
    ]);
  });

  it("COPY and ADD have their rules", async () => {
    const files = {
      Dockerfile: `
FROM busybox
COPY a b dir/
COPY --chown=1:2 --chmod=640 a /owned/
COPY tree /tree
COPY tree/*.txt /globbed/
ADD archive.tar.gz /unpacked/
ADD archive.tar.gz https://invalid.invalid/ /x/
`.replace(/^ADD .*https.*\n/m, ""),
      a: "a",
      b: "b",
      "tree/x.txt": "x",
      "tree/y.md": "y",
      "tree/deep/z.txt": "z",
    };
    const dir = context(files);
    chmodSync(join(dir, "b"), 0o755);
    expect((await house.sh(`cd ${dir} && tar czf archive.tar.gz tree`)).code).toBe(0);
    const result = await build(dir, "-t", "copied:1");
    expect(result.code, result.stderr).toBe(0);
    const script = "ls /dir /tree /globbed /unpacked; stat -c '%u:%g %a' /owned/a /owned /dir/b";
    expect(await run("copied:1", script)).toBe(
      "/dir:\na\nb\n\n/globbed:\nx.txt\n\n/tree:\ndeep\nx.txt\ny.md\n\n/unpacked:\ntree\n1:2 640\n1:2 755\n0:0 755",
    );
  });

  it("ADD fetches, and says when it cannot", async () => {
    const server = createServer((req, res) => {
      res.statusCode = req.url === "/file.txt" ? 200 : 404;
      res.end("fetched");
    });
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    try {
      await built(
        { Dockerfile: `FROM busybox\nADD http://127.0.0.1:${port}/file.txt /got/` },
        "-t",
        "fetched:1",
      );
      expect(await run("fetched:1", "cat /got/file.txt; stat -c %a /got/file.txt")).toBe("fetched600");
      const [code, message] = await fails(`FROM busybox\nADD http://127.0.0.1:${port}/nosuch /x`);
      expect([code, message]).toEqual([
        1,
        expect.stringMatching(/^ADD failed: failed to GET http:\/\/.*\/nosuch with status 404/),
      ]);
    } finally {
      server.close();
    }
  });

  it("here-documents are scripts and files", async () => {
    const dockerfile = `
FROM busybox
ARG NAME=world
RUN <<EOF
set -e
echo one > /one
echo two > /two
EOF
COPY <<EOF /hello
hello $NAME
EOF
COPY <<"EOF" /literal
hello $NAME
EOF
`;
    await built({ Dockerfile: dockerfile }, "-t", "heredoc:1");
    expect(await run("heredoc:1", "cat /one /two /hello /literal")).toBe(
      "one\ntwo\nhello world\nhello $NAME",
    );
  });

  it(".dockerignore leaves out what it names", async () => {
    await built(
      {
        Dockerfile: "FROM busybox\nCOPY . /ctx",
        ".dockerignore": "**/*.log\n!keep.log\nnode_modules\n.dockerignore\nDockerfile\n# comment\n",
        "a.log": "",
        "keep.log": "",
        "sub/b.log": "",
        "sub/c.txt": "",
        "node_modules/x/index.js": "",
      },
      ...["-t", "ignored:1"],
    );
    expect(await run("ignored:1", "cd /ctx; find . -type f | sort")).toBe("./keep.log\n./sub/c.txt");
  });
});

describe("failures", () => {
  it("name the command and its exit code, which is the client's too", async () => {
    const { code, stderr, stdout } = await build(
      context({ Dockerfile: "FROM busybox\nRUN echo said; exit 3" }),
    );
    expect(code).toBe(3);
    expect(stdout).toContain("said");
    expect(stderr).toContain("The command '/bin/sh -c echo said; exit 3' returned a non-zero code: 3");
    expect(await fails("FROM busybox\nRUN nosuch")).toEqual([
      127,
      "The command '/bin/sh -c nosuch' returned a non-zero code: 127",
    ]);
  });

  it("name the line of a Dockerfile that is wrong, and what is missing", async () => {
    const cases: [string, RegExp][] = [
      ["FRO busybox", /dockerfile parse error on line 1: unknown instruction: FRO \(did you mean FROM\?\)$/],
      ["FROM busybox\nCOPY a", /line 2: COPY requires at least two arguments, but only one was provided/],
      ["FROM busybox\nENV a", /line 2: ENV must have two arguments$/],
      ["RUN true", /no build stage in current context$/],
      [
        "FROM busybox\nCOPY nosuch /",
        /^COPY failed: file not found in build context or excluded by \.dockerignore: stat nosuch: file does not exist$/,
      ],
      ["FROM busybox\nCOPY ../x /", /^COPY failed: forbidden path outside the build context: \.\.\/x \(\)$/],
      [
        "FROM busybox\nCOPY --from=nosuch /a /b",
        /^invalid from flag value nosuch: |pull access denied|no such host/,
      ],
      [
        "FROM busybox\nCOPY --chown=nobodyknows Dockerfile /",
        /^unable to convert uid\/gid chown string to host mapping: can't find uid for user nobodyknows: no such user: nobodyknows$/,
      ],
      ["FROM busybox\nEXPOSE foo", /^invalid containerPort: foo$/],
      [
        "FROM busybox\nUSER nobodyknows\nRUN true",
        /^unable to find user nobodyknows: no matching entries in passwd file$/,
      ],
    ];
    for (const [dockerfile, message] of cases) {
      expect(await fails(dockerfile)).toEqual([1, expect.stringMatching(message)]);
    }
    const empty = await build(context({ Dockerfile: "" }));
    expect(empty.stderr).toContain("the Dockerfile (Dockerfile) cannot be empty");
  });

  it("leave neither snapshots nor containers that are still used", async () => {
    await house.ok("container", "prune", "-f");
    await house.ok("image", "prune", "-f");
    const containers = await house.lines("ps", "-aq");
    expect(containers).toEqual([]);
    const snapshots = (await house.sh(`ls ${house.platform.home}/images/snapshots`)).stdout.trim();
    expect(snapshots.split("\n").filter((name) => name !== "" && !name.startsWith("."))).toEqual([]);
  });
});
