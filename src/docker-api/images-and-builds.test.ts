import { describe, expect, it } from "vitest";
import { ApiClient, type CallOptions, frames } from "./testing/api-client.ts";
import { archiveOf, useEngineHouse } from "./testing/engine-house.ts";

const house = useEngineHouse();
const client = new ApiClient(house);

const api = (method: string, path: string, options?: CallOptions) => client.call(method, path, options);

describe("images", () => {
  it("are listed, tagged, shown, saved, loaded and removed", async () => {
    expect((await api("POST", "/images/busybox/tag?repo=127.0.0.1:5000/shop/web&tag=1")).status).toBe(201);
    const name = "127.0.0.1:5000/shop/web:1";
    expect((await api("GET", `/images/${name}/json`)).json.RepoTags).toContain(name);
    expect((await api("GET", `/images/${name}/history`)).json[0].Tags).toContain(name);
    const reference = encodeURIComponent(JSON.stringify({ reference: ["127.0.0.1:5000/shop/*"] }));
    expect((await api("GET", `/images/json?filters=${reference}`)).json).toMatchObject([
      { RepoTags: [name] },
    ]);
    const saved = await api("GET", `/images/get?names=${name}`);
    expect(saved.headers["content-type"]).toBe("application/x-tar");
    expect((await api("DELETE", `/images/${name}`)).json).toEqual([{ Untagged: name }]);
    const loaded = await api("POST", "/images/load?quiet=1", { body: saved.body });
    expect(loaded.text).toContain(`Loaded image: ${name}\\n`);
    await api("DELETE", `/images/${name}`);
    expect((await api("GET", `/images/${name}/json`)).status).toBe(404);
  });

  it("are imported with changes", async () => {
    const changes = encodeURIComponent("ENV A=1");
    const imported = await api(
      "POST",
      `/images/create?fromSrc=-&repo=imported&tag=2&changes=${changes}&message=m`,
      {
        body: await archiveOf({ file: "x" }),
      },
    );
    expect(imported.json.status).toMatch(/^sha256:/);
    expect((await api("GET", "/images/imported:2/json")).json).toMatchObject({
      Config: { Env: ["A=1"] },
      Comment: "m",
    });
    expect(
      (await api("POST", "/images/create?fromSrc=-&repo=bad", { body: "garbage".repeat(200) })).status,
    ).toBe(400);
  });

  it("are told in the stream why they could not be loaded", async () => {
    const { status, json } = await api("POST", "/images/load", { body: Buffer.from("abc") });
    expect([status, json.error]).toEqual([200, "unexpected end of tar archive (at byte 3)"]);
  });

  it("of a whole repository are saved by its name alone", async () => {
    for (const tag of ["1", "2"]) await api("POST", `/images/busybox/tag?repo=many&tag=${tag}`);
    const saved = await api("GET", "/images/get?names=many");
    expect(saved.status).toBe(200);
    for (const tag of ["1", "2"]) await api("DELETE", `/images/many:${tag}`);
    const { text } = await api("POST", "/images/load?quiet=1", { body: saved.body });
    for (const tag of ["1", "2"]) {
      expect(text).toContain(`Loaded image: many:${tag}\\n`);
      await api("DELETE", `/images/many:${tag}`);
    }
    const missing = await api("GET", "/images/get?names=nosuch");
    expect([missing.status, missing.json.message]).toEqual([404, "No such image: nosuch:latest"]);
  });

  it("are imported for the platform that was said", async () => {
    const create = async (platform: string) =>
      api("POST", `/images/create?fromSrc=-&repo=foreign&platform=${platform}`, {
        body: await archiveOf({ file: "x" }),
      });
    expect((await create("linux/arm/v6")).json.status).toMatch(/^sha256:/);
    expect((await api("GET", "/images/foreign/json")).json).toMatchObject({
      Os: "linux",
      Architecture: "arm",
      Variant: "v6",
    });
    await api("DELETE", "/images/foreign");
    expect((await create("nonsense")).json.message).toBe(
      '"nonsense": unknown operating system or architecture: invalid argument',
    );
    expect((await create("windows/amd64")).text).toContain("operating system is not supported");
  });

  it("get no name that reads as a digest", async () => {
    const message = "refusing to create an ambiguous tag using digest algorithm as name";
    const tagged = await api("POST", "/images/busybox/tag?repo=sha256&tag=foo");
    expect([tagged.status, tagged.json.message]).toEqual([400, message]);
  });

  it("in use are kept", async () => {
    const id = await client.run({ Cmd: ["sleep", "100"] });
    const answer = await api("DELETE", "/images/busybox");
    expect([answer.status, answer.json.message]).toEqual([409, expect.stringContaining("container")]);
    await client.remove(id);
  });
});

describe("build", () => {
  const build = async (files: Record<string, string>, query = "") => {
    const answer = await api("POST", `/build?${query}`, {
      body: await archiveOf(files),
      headers: { "content-type": "application/x-tar" },
    });
    const messages =
      answer.status === 200
        ? answer.text
            .trim()
            .split("\r\n")
            .map((line) => JSON.parse(line))
        : [];
    return { answer, messages, text: messages.map((message) => message.stream ?? "").join("") };
  };

  it("runs steps in containers and tells about them", async () => {
    const { messages, text } = await build(
      {
        Dockerfile:
          'FROM busybox\nARG WHO\nRUN echo hello $WHO; id -u > /uid\nUSER 5\nRUN id -u\nCMD ["cat", "/uid"]',
      },
      `t=built&buildargs=${encodeURIComponent('{"WHO":"you"}')}`,
    );
    expect(text).toMatch(
      /Step 3\/6 : RUN echo hello \$WHO; id -u > \/uid\n ---> Running in [0-9a-f]{12}\nhello you\n ---> Removed intermediate container/,
    );
    expect(text).toContain("Step 5/6 : RUN id -u\n");
    expect(text).toMatch(/\n5\n/);
    expect(text).toContain("Successfully tagged built:latest\n");
    expect(messages.find((message) => message.aux)?.aux.ID).toMatch(/^sha256:/);
    const id = await client.run({ Image: "built" });
    expect(await client.wait(id)).toBe(0);
    expect(frames((await api("GET", `/containers/${id}/logs?stdout=1`)).body)).toEqual(["stdout:0\n"]);
    await client.remove(id);
    expect(
      (await api("GET", "/containers/json?all=1")).json.filter((row: { Command: string }) =>
        row.Command.includes("id -u"),
      ),
    ).toEqual([]);
  });

  it("fails in the stream, with the step's exit code", async () => {
    const { messages } = await build({ Dockerfile: "FROM busybox\nRUN exit 7" }, "forcerm=1");
    const message = "The command '/bin/sh -c exit 7' returned a non-zero code: 7";
    expect(messages.at(-1)).toEqual({ errorDetail: { code: 7, message }, error: message });
  });

  it("fails before the stream with a status", async () => {
    const { answer } = await build({ Dockerfile: "FORM x" });
    expect([answer.status, answer.json.message]).toEqual([
      400,
      "dockerfile parse error on line 1: unknown instruction: FORM (did you mean FROM?)",
    ]);
    const garbage = await api("POST", "/build", { body: Buffer.alloc(4000, "z") });
    expect([garbage.status, garbage.json.message]).toEqual([
      400,
      expect.stringContaining("Error processing tar file"),
    ]);
    expect((await api("POST", "/build?buildargs=%5B", { body: "" })).status).toBe(400);
  });

  it("is quiet when asked", async () => {
    const { messages } = await build({ Dockerfile: "FROM busybox\nLABEL q=1" }, "q=1");
    expect(messages).toEqual([{ stream: expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/) }]);
  });
});
