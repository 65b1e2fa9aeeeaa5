import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPlatform, type TestPlatform } from "../support/platform.ts";

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform.reset());

async function build(dockerfile: string): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), "gantry-bad-"));
  writeFileSync(join(dir, "Dockerfile"), dockerfile);
  const result = await platform.docker("build", dir);
  rmSync(dir, { recursive: true });
  expect(result.code).toBe(1);
  return result.stderr;
}

async function apply(manifest: object): Promise<string> {
  const file = join(platform.home, "bad.json");
  writeFileSync(file, JSON.stringify(manifest));
  const result = await platform.kubectl("apply", "-f", file);
  expect(result.code).toBe(1);
  return result.stderr;
}

// biome-ignore lint/suspicious/noExplicitAny: tests put wrong values anywhere into it
function deployment(change: (object: Record<string, any>) => void): object {
  const object = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "busybox" }] },
      },
    },
  };
  change(object);
  return object;
}

describe("a malformed Dockerfile", () => {
  it("names line and instruction", async () => {
    expect(await build("FROM scratch\n\nFORM busybox\n")).toMatch(
      /dockerfile parse error.* line 3: unknown instruction: FORM/i,
    );
    expect(await build("RUN true\n")).toMatch(/no build stage in current context/i);
    expect(await build("FROM scratch\nCOPY nothing /x\n")).toMatch(/COPY failed: .*nothing/);
    expect(await build("")).toMatch(/cannot be empty/);
    expect(await build("FROM scratch\nENV\n")).toMatch(/ENV requires at least one argument/i);
  });
});

describe("a wrong manifest", () => {
  it("is refused in upstream's words", async () => {
    expect(await apply(deployment((one) => (one.spec.replcas = 2)))).toMatch(/unknown field "spec\.replcas"/);
    expect(await apply(deployment((one) => (one.spec.replicas = "two")))).toMatch(
      /cannot unmarshal string into Go struct field DeploymentSpec\.spec\.replicas of type int32|expected numeric.*replicas|invalid type/,
    );
    expect(await apply(deployment((one) => delete one.spec.template.spec.containers[0].name))).toMatch(
      /The Deployment "web" is invalid: spec\.template\.spec\.containers\[0\]\.name: Required value/,
    );
    expect(await apply(deployment((one) => (one.spec.selector.matchLabels.app = "other")))).toMatch(
      /`selector` does not match template `labels`/,
    );
    expect(await apply(deployment((one) => (one.metadata.name = "Web!")))).toMatch(
      /a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters/,
    );
    expect(await apply(deployment((one) => (one.spec.replicas = -1)))).toMatch(
      /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/,
    );
    expect(await apply({ apiVersion: "apps/v9", kind: "Deployment", metadata: { name: "x" } })).toMatch(
      /no matches for kind "Deployment" in version "apps\/v9"/,
    );
    expect(await apply({ ...deployment(() => {}), metadata: { name: "web", namespace: "nowhere" } })).toMatch(
      /namespaces "nowhere" not found/,
    );
  });
});

describe("docker's wrong calls", () => {
  it("answers like dockerd", async () => {
    const missing = await platform.docker("run", "--pull=never", "nothing-here");
    expect([missing.code, missing.stderr]).toEqual([
      125,
      expect.stringContaining("No such image: nothing-here:latest"),
    ]);
    const unknown = await platform.docker("inspect", "nobody");
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/No such object: nobody/i)]);
    expect((await platform.docker("stop", "nobody")).stderr).toContain("No such container: nobody");
  });
});

describe("an upload that is no archive", () => {
  it("fails, and nothing else does", async () => {
    const { pid } = platform.status;
    // The whole header of a file, and then noise where the next one should stand.
    const header = await platform.run("tar", ["-cf", "-", "-C", "/etc", "hostname"], { encoding: "latin1" });
    const broken = Buffer.concat([
      Buffer.from(header.stdout, "latin1").subarray(0, 1024),
      randomBytes(20 * 2 ** 20),
    ]);
    for (let time = 0; time < 3; time++) {
      const built = await platform.run("docker", ["build", "-"], { input: broken });
      expect([built.code, built.stderr]).toEqual([1, expect.stringContaining("Error processing tar file")]);
      expect((await platform.run("docker", ["load"], { input: broken })).code).toBe(1);
      expect((await platform.run("docker", ["import", "-"], { input: broken })).code).toBe(1);
    }
    expect(JSON.parse((await platform.gantry("status", "--json")).stdout)).toMatchObject({
      pid,
      escapedErrors: 0,
    });
  });
});

/** Sends bytes and resolves with what came back when the other side closes, or after a second. */
function send(bytes: string | Buffer, tls: boolean): Promise<string> {
  return new Promise((resolve) => {
    const port = Number(new URL(platform.status.api).port);
    const socket = tls
      ? connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false })
      : connectSocket(platform.status.dockerSocket);
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", () => resolve(answer));
    socket.on("close", () => resolve(answer));
    socket.on(tls ? "secureConnect" : "connect", () => socket.write(bytes));
    setTimeout(() => socket.destroy(), 1_000);
  });
}

describe.each([
  ["the Docker socket", false],
  ["the API server", true],
] as const)("%s", (_name, tls) => {
  it("survives garbage, oversized and half-sent requests", async () => {
    expect(await send("\x00\xff\x13garbage\r\n\r\n", tls)).toMatch(/^HTTP\/1\.1 400/);
    expect(await send(`GET /${"a".repeat(2_000_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, tls)).toMatch(
      /^HTTP\/1\.1 (431|414|400)|^$/,
    );
    expect(
      await send(
        'POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half',
        tls,
      ),
    ).not.toMatch(/^HTTP\/1\.1 5/);
    expect(
      await send(
        "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        tls,
      ),
    ).toMatch(/^HTTP\/1\.1 400/);
    expect(await send("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", tls)).toMatch(
      /^HTTP\/1\.1 (400|403|404)/,
    );
    await Promise.all(Array.from({ length: 50 }, () => send("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", tls)));
    expect((await platform.gantry("status")).code).toBe(0);
    expect((await platform.kubectl("get", "nodes")).code).toBe(0);
    expect((await platform.docker("ps")).code).toBe(0);
  });
});
