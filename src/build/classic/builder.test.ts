// biome-ignore-all lint/suspicious/noTemplateCurlyInString: a Dockerfile's own substitutions
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { silentLogger } from "../../base/index.ts";
import { openContentStore } from "../../content/index.ts";
import { tarEntry, writeTar } from "../../formats/index.ts";
import { type ImageService, openImageService } from "../../images/index.ts";
import { openMountedRoot } from "../../runtime/index.ts";
import { createSolver } from "../solver/index.ts";
import type { Builder, BuildRequest, RunExecutor } from "../types.ts";
import { createBuilder } from "./builder.ts";

let dir: string;
let images: ImageService;
let builder: Builder;
let told: string;

/** What RUN steps would do, without an engine: `write PATH TEXT`, `say TEXT`, `fail CODE`, `wait`. */
const runs: string[][] = [];
const executor: RunExecutor = {
  async run(request) {
    const id = request.containerId;
    // Known to a later start before there is anything to be found.
    expect(fs.existsSync(join(dir, "build/solver/markers", `container.${id}`))).toBe(true);
    runs.push([...request.argv]);
    await request.onCreated();
    const rootfs = await images.prepareSnapshot(id, request.base as string);
    const [command = "", first = "", second = ""] = request.argv.at(-1)!.trimEnd().split(" ");
    if (command === "write") {
      const target = fs.mkdtempSync(join(dir, "run-"));
      const root = openMountedRoot(rootfs, target);
      const text = second.replace(
        /\$(\w+)/g,
        (_, name) => request.env.find((e) => e.startsWith(`${name}=`)) ?? "",
      );
      fs.writeFileSync(`${root.path}${first}`, text);
      root.close();
    }
    if (command === "wait" && !request.signal.aborted) {
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
    }
    if (command === "say") request.output("stdout", Buffer.from(`${first}\n`));
    const exitCode = command === "fail" ? Number(first) : 0;
    return { exitCode, containerId: id, snapshotKey: id, dispose: () => images.removeSnapshot(id) };
  },
};

beforeAll(async () => {
  dir = fs.mkdtempSync(join(tmpdir(), "gantry-builder-"));
  const content = await openContentStore({ dir: join(dir, "content"), logger: silentLogger });
  const noRegistry = () => {
    throw new Error("no registry");
  };
  images = await openImageService({
    dir: join(dir, "images"),
    content,
    registry: { repository: noRegistry },
    logger: silentLogger,
  });
  builder = await openBuilder();
});

afterAll(async () => {
  await builder.close();
  fs.rmSync(dir, { recursive: true });
});

beforeEach(() => {
  told = "";
  runs.length = 0;
});

async function openBuilder(): Promise<Builder> {
  const solver = createSolver({
    stateDir: join(dir, "build/solver"),
    images,
    executor,
    removeContainer: async () => {},
    logger: silentLogger,
  });
  await solver.open();
  const opened = createBuilder({ stateDir: join(dir, "build"), images, solver, executor });
  await opened.open();
  return opened;
}

/** On one of the ports that fetch() does not talk to. */
async function listenOnRefusedPort(server: Server): Promise<number> {
  for (const port of [6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080]) {
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return port;
    } catch {
      // Somebody else has it.
    }
  }
  throw new Error("all of fetch()'s refused ports are taken");
}

type Files = Record<string, string>;

function context(files: Files): Readable {
  const members = Object.entries(files).map(([name, content]) => {
    const bytes = Buffer.from(content);
    return { entry: tarEntry({ name, type: "file", sizeBytes: bytes.length }), body: bytes };
  });
  return Readable.from(writeTar(members));
}

async function build(files: Files, options: Partial<BuildRequest> = {}) {
  const { imageId } = await builder.build({
    context: context(files),
    output: {
      text: (text) => {
        told += text;
      },
      progress: () => {},
      image: () => {},
    },
    ...options,
  });
  return images.get(imageId);
}

let looks = 0;

async function contentOf(imageId: string, path: string): Promise<string | undefined> {
  const key = `look-${++looks}`;
  const rootfs = await images.prepareSnapshot(key, imageId);
  const root = openMountedRoot(rootfs, fs.mkdtempSync(join(dir, "look-")));
  try {
    return fs.existsSync(`${root.path}${path}`) ? fs.readFileSync(`${root.path}${path}`, "utf8") : undefined;
  } finally {
    root.close();
    await images.removeSnapshot(key);
  }
}

function leftovers(): string[] {
  return ["contexts", "solver/contexts", "solver/markers", "solver/mounts"].flatMap((name) =>
    fs.readdirSync(join(dir, "build", name)),
  );
}

describe("a build", () => {
  it("makes configuration, layers and history, and tags", async () => {
    const image = await build(
      {
        Dockerfile: `FROM scratch
ARG WHO=world
ENV GREETING="hello $WHO" \\
    X=1
LABEL a=b
WORKDIR /app/src
COPY a.txt .
COPY --chown=3:4 --chmod=640 a.txt /b/
EXPOSE 8080 9000-9001/udp
USER 5
VOLUME /data
ENTRYPOINT ["/a"]
CMD ["x", "y z"]
`,
        "a.txt": "content",
      },
      { tags: ["shop/web:1.0", "shop/web:latest"], labels: { given: 'it\'s $x "q"' } },
    );
    expect(image.references.toSorted()).toEqual(["docker.io/shop/web:1.0", "docker.io/shop/web:latest"]);
    expect(image.config.config).toMatchObject({
      Env: [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "GREETING=hello world",
        "X=1",
      ],
      Labels: { a: "b", given: 'it\'s $x "q"' },
      WorkingDir: "/app/src",
      ExposedPorts: { "8080/tcp": {}, "9000/udp": {}, "9001/udp": {} },
      User: "5",
      Volumes: { "/data": {} },
      Entrypoint: ["/a"],
      Cmd: ["x", "y z"],
    });
    expect(image.layers).toHaveLength(3);
    const history = image.config.history!.map((entry) => entry.created_by);
    expect(history[1]).toBe("/bin/sh -c #(nop)  ENV GREETING=hello world X=1");
    expect(history[3]).toBe("/bin/sh -c #(nop) WORKDIR /app/src");
    expect(history[4]).toMatch(/^\/bin\/sh -c #\(nop\) COPY file:[0-9a-f]{64} in \/app\/src\/ $/);
    expect(history.at(-2)).toBe('/bin/sh -c #(nop)  CMD ["x" "y z"]');
    expect(await contentOf(image.id, "/app/src/a.txt")).toBe("content");
    expect(await contentOf(image.id, "/b/a.txt")).toBe("content");
    const short = image.id.slice(7, 19);
    expect(told).toMatch(
      /^Step 1\/13 : FROM scratch\n ---> \nStep 2\/13 : ARG WHO=world\n ---> [0-9a-f]{12}\n/,
    );
    expect(told).toContain('Step 3/13 : ENV GREETING="hello $WHO"     X=1\n');
    expect(
      told.endsWith(
        ` ---> ${short}\nSuccessfully built ${short}\nSuccessfully tagged shop/web:1.0\nSuccessfully tagged shop/web:latest\n`,
      ),
    ).toBe(true);
  });

  it("tells the arguments of a step in the history, but no predefined ones", async () => {
    const files = { Dockerfile: "FROM scratch\nRUN write /a\nARG V=1\nRUN write /b" };
    const stepsOf = (image: { config: { history?: { created_by?: string }[] } }) =>
      image.config.history!.map((entry) => entry.created_by).filter((step) => step?.includes("write"));
    const command = (path: string) => `/bin/sh -c write ${path}`;
    expect(stepsOf(await build(files))).toEqual([command("/a"), `|1 V=1 ${command("/b")}`]);
    const proxied = await build(files, { buildArgs: { http_proxy: "p" }, noCache: true });
    expect(stepsOf(proxied)).toEqual([`|0 ${command("/a")}`, `|1 V=1 ${command("/b")}`]);
  });

  it("knows the steps of an earlier one, and which input makes them new", async () => {
    const files = { Dockerfile: 'FROM scratch\nARG V\nCOPY a /a\nRUN write /r $V\nCMD ["c"]', a: "1" };
    const first = await build(files, { buildArgs: { V: "1" } });
    expect(await contentOf(first.id, "/r")).toBe("V=1");
    expect(runs).toHaveLength(1);
    told = "";
    expect((await build(files, { buildArgs: { V: "1" } })).id).toBe(first.id);
    expect(told.match(/Using cache/g)).toHaveLength(4);
    expect(runs).toHaveLength(1);
    expect((await build(files, { buildArgs: { V: "2" } })).id).not.toBe(first.id);
    expect(runs).toHaveLength(2);
    expect((await build({ ...files, a: "2" }, { buildArgs: { V: "1" } })).id).not.toBe(first.id);
    expect(runs).toHaveLength(3);
    expect((await build(files, { buildArgs: { V: "1" }, noCache: true })).id).not.toBe(first.id);
    expect(runs).toHaveLength(4);
    expect((await builder.pruneCache()).deleted).toEqual([]);
    await builder.pruneCache({ all: true });
    await build(files, { buildArgs: { V: "1" } });
    expect(runs).toHaveLength(5);
  });

  it("builds what is needed of several stages, and copies between them", async () => {
    const image = await build({
      Dockerfile: `FROM scratch AS base
COPY a /base
FROM base AS one
RUN write /one first
FROM base AS two
RUN write /two second
FROM base AS never
RUN fail 1
FROM scratch
COPY --from=one /one /x/
COPY --from=2 /two /x/two
COPY --from=base / /all/
`,
      a: "a",
    });
    expect(await contentOf(image.id, "/x/one")).toBe("first");
    expect(await contentOf(image.id, "/x/two")).toBe("second");
    expect(await contentOf(image.id, "/all/base")).toBe("a");
    expect(image.layers).toHaveLength(3);
    const steps = [...told.matchAll(/Step (\d+)\/10/g)].map((match) => Number(match[1]));
    expect(steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it("stops at the target", async () => {
    const files = { Dockerfile: "FROM scratch AS a\nLABEL x=1\nFROM scratch\nRUN fail 1" };
    expect((await build(files, { target: "a" })).config.config?.Labels).toEqual({ x: "1" });
  });

  it("carries out ONBUILD triggers", async () => {
    const base = { Dockerfile: "FROM scratch\nONBUILD COPY a /a\nONBUILD LABEL t=1\nLABEL base=1" };
    await build(base, { tags: ["trigger:1"] });
    const image = await build({ Dockerfile: "FROM trigger:1\nLABEL own=1", a: "triggered" });
    expect(told).toContain("# Executing 2 build triggers\n");
    expect(await contentOf(image.id, "/a")).toBe("triggered");
    expect(image.config.config).toMatchObject({ Labels: { t: "1", base: "1", own: "1" } });
    expect(image.config.config?.OnBuild ?? []).toEqual([]);
  });

  it("carries out what a stage has those do that are built on it", async () => {
    const Dockerfile = `FROM scratch AS files
COPY a /from-files
FROM scratch AS base
ONBUILD COPY --from=files /from-files /a
ONBUILD LABEL t=1
LABEL base=1
FROM base
LABEL own=1
FROM base AS again`;
    const image = await build({ Dockerfile, a: "triggered" }, { target: "2" });
    expect(told).toContain("# Executing 2 build triggers\n");
    expect(await contentOf(image.id, "/a")).toBe("triggered");
    expect(image.config.config).toMatchObject({ Labels: { t: "1", base: "1", own: "1" } });
    expect(image.config.config?.OnBuild ?? []).toEqual([]);
    expect((await build({ Dockerfile, a: "triggered" })).config.config).toMatchObject({ Labels: { t: "1" } });
  });

  it("refuses a platform that is none, and names that read as digests", async () => {
    const files = { Dockerfile: "FROM scratch\nLABEL a=1" };
    await expect(build(files, { platform: "nonsense" })).rejects.toThrow(
      '"nonsense": unknown operating system or architecture: invalid argument',
    );
    await expect(build(files, { platform: "windows/amd64" })).rejects.toThrow("windows is not supported");
    await expect(build(files, { tags: ["sha256:foo"] })).rejects.toThrow(
      "refusing to create an ambiguous tag using digest algorithm as name",
    );
  });

  it("makes files of here-documents and scripts of RUN's", async () => {
    const image = await build({
      Dockerfile: `FROM scratch
ENV V=1
COPY <<plain <<"raw" /d/
v=$V 'q'
plain
v=$V
raw
RUN <<EOF
write /h heredoc
EOF
`,
    });
    expect(await contentOf(image.id, "/d/plain")).toBe("v=1 'q'\n");
    expect(await contentOf(image.id, "/d/raw")).toBe("v=$V\n");
    expect(runs[0]).toEqual(["/bin/sh", "-c", "write /h heredoc\n"]);
  });

  it("downloads for ADD and verifies", async () => {
    const server = createServer((_req, res) => res.end("remote")).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dir/file.tar`;
    try {
      const image = await build({ Dockerfile: `FROM scratch\nADD ${url} /r/` });
      expect(await contentOf(image.id, "/r/file.tar")).toBe("remote");
      const wrong = `FROM scratch\nADD --checksum=sha256:${"0".repeat(64)} ${url} /r/`;
      await expect(build({ Dockerfile: wrong })).rejects.toThrow("digest mismatch");
    } finally {
      server.close();
    }
  });

  it("downloads from any port, and follows redirects so far and to HTTP only", async () => {
    const server = createServer((req, res) => {
      const { pathname, searchParams } = new URL(req.url!, "http://x");
      const left = Number(searchParams.get("left") ?? 0);
      if (pathname === "/scheme") res.writeHead(302, { location: "file:///etc/passwd" }).end();
      else if (pathname === "/missing") res.writeHead(404).end();
      else if (left > 0) res.writeHead(302, { location: `/${pathname.slice(1)}?left=${left - 1}` }).end();
      else res.end("remote");
    });
    const address = `http://127.0.0.1:${await listenOnRefusedPort(server)}`;
    const add = (path: string) => build({ Dockerfile: `FROM scratch\nADD ${address}${path} /f` });
    try {
      expect(await contentOf((await add("/plain")).id, "/f")).toBe("remote");
      expect(await contentOf((await add("/moved?left=10")).id, "/f")).toBe("remote");
      await expect(add("/moved?left=11")).rejects.toThrow("stopped after 10 redirects");
      await expect(add("/scheme")).rejects.toThrow('unsupported protocol scheme "file"');
      await expect(add("/missing")).rejects.toThrow(
        `ADD failed: failed to GET ${address}/missing with status 404 Not Found`,
      );
    } finally {
      server.close();
    }
    await expect(add("/gone")).rejects.toThrow("ECONNREFUSED");
  });

  it("tells unused arguments, warnings and the output of its steps", async () => {
    const Dockerfile = "FROM scratch\nLABEL a=1 \\\n\n b=2\nRUN say hello";
    await build({ Dockerfile }, { buildArgs: { NOPE: "1" } });
    expect(told).toContain("[Warning] One or more build-args [NOPE] were not consumed\n");
    expect(told).toContain("[WARNING]: Empty continuation line found in:");
    expect(told).toMatch(/ ---> Running in ([0-9a-f]{12})\nhello\n ---> Removed intermediate container \1\n/);
  });
});

describe("a build fails", () => {
  it.each<[Files, Partial<BuildRequest>, string]>([
    [
      { Dockerfile: "FROM scratch\nFORM x" },
      {},
      "dockerfile parse error on line 2: unknown instruction: FORM (did you mean FROM?)",
    ],
    [{ Dockerfile: " \n" }, {}, "the Dockerfile (Dockerfile) cannot be empty"],
    [{ other: "" }, {}, "Cannot locate specified Dockerfile: Dockerfile"],
    [
      { "d/F": "FROM scratch\nX y" },
      { dockerfile: "d/F" },
      "failed to parse d/F: dockerfile parse error on line 2: unknown instruction: X",
    ],
    [{ Dockerfile: "FROM scratch" }, {}, "No image was generated. Is your Dockerfile empty?"],
    [
      { Dockerfile: "FROM scratch\nLABEL a=1\nRUN fail 3" },
      { forceRemoveContainers: true },
      "The command '/bin/sh -c fail 3' returned a non-zero code: 3",
    ],
    [
      { Dockerfile: "FROM scratch\nCOPY nope /x" },
      {},
      "COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does not exist",
    ],
    [
      { Dockerfile: "FROM scratch\nRUN --mount=type=secret,id=x y" },
      {},
      "RUN --mount=type=secret is not supported (line 2)",
    ],
    [{ Dockerfile: "FROM scratch\nENV A=${B:?needed}" }, {}, 'failed to process "${B:?needed}": B: needed'],
    [
      { Dockerfile: "FROM scratch\nCOPY --chown=nobody Dockerfile /" },
      {},
      "can't find uid for user nobody: no such user: nobody",
    ],
    [{ Dockerfile: "FROM scratch\nCOPY --chmod=u+x Dockerfile /" }, {}, "invalid chmod parameter"],
    [{ Dockerfile: "FROM scratch\nSTOPSIGNAL nope" }, {}, "Invalid signal: nope"],
    [{ Dockerfile: "FROM scratch" }, { tags: ["UPPER"] }, "must be lowercase"],
  ])("%j", async (files, options, message) => {
    await expect(build(files, options)).rejects.toThrow(message);
    expect(leftovers()).toEqual([]);
  });

  it("when its client goes away", async () => {
    const gone = new AbortController();
    const building = build({ Dockerfile: "FROM scratch\nLABEL a=1\nRUN wait" }, { signal: gone.signal });
    building.catch(() => {});
    while (runs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    gone.abort();
    await expect(building).rejects.toThrow("Build cancelled");
    expect(leftovers()).toEqual([]);
  });

  it("in one stage and stops the others", async () => {
    const Dockerfile =
      "FROM scratch AS a\nLABEL a=1\nRUN wait\nFROM scratch\nLABEL b=1\nRUN fail 2\nCOPY --from=a / /";
    await expect(build({ Dockerfile })).rejects.toThrow("returned a non-zero code: 2");
    expect(told).toContain("RUN fail 2");
  });
});

it("removes what a killed build left", async () => {
  fs.writeFileSync(join(dir, "build/solver/markers/snapshot.build-stale"), "");
  fs.mkdirSync(join(dir, "build/contexts/context-stale"));
  await images.prepareSnapshot("build-stale", undefined);
  await openBuilder();
  await expect(images.snapshotMount("build-stale")).rejects.toThrow();
  expect(leftovers()).toEqual([]);
});
