import { describe, expect, it } from "vitest";
import { cgroupMode } from "../kernel/index.ts";
import { ApiClient, type CallOptions, frames } from "./testing/api-client.ts";
import { archiveOf, useEngineHouse } from "./testing/engine-house.ts";

const house = useEngineHouse();
const client = new ApiClient(house);

const api = (method: string, path: string, options?: CallOptions) => client.call(method, path, options);

describe("containers", () => {
  it("run, log, and tell their exit", async () => {
    const id = await client.run({ Cmd: ["sh", "-c", "echo out; echo err >&2; exit 3"] });
    expect(await client.wait(id)).toBe(3);
    const logs = await api("GET", `/containers/${id}/logs?stdout=1&stderr=1`);
    expect(logs.headers["content-type"]).toBe("application/vnd.docker.multiplexed-stream");
    expect(frames(logs.body).toSorted()).toEqual(["stderr:err\n", "stdout:out\n"]);
    const stamped = frames((await api("GET", `/containers/${id}/logs?stdout=1&timestamps=1`)).body);
    expect(stamped).toEqual([expect.stringMatching(/^stdout:\d{4}-\d\d-\d\dT[\d:.]+Z out\n$/)]);
    expect((await api("GET", `/containers/${id}/logs`)).status).toBe(400);
    expect((await api("POST", `/containers/${id}/start?x=1`)).status).toBe(204);
    await client.remove(id);
  });

  it("answer as Docker does when nothing changes or cannot", async () => {
    const id = await client.run({ Cmd: ["sleep", "100"] }, "?name=steady");
    expect((await api("POST", `/containers/${id}/start`)).status).toBe(304);
    expect((await api("POST", "/containers/create?name=steady", { body: { Image: "busybox" } })).status).toBe(
      409,
    );
    expect((await api("DELETE", `/containers/${id}`)).status).toBe(409);
    expect((await api("POST", `/containers/${id}/resize?h=a&w=1`)).status).toBe(400);
    expect((await api("POST", `/containers/${id}/stop?t=0`)).status).toBe(204);
    expect((await api("POST", `/containers/${id}/stop`)).status).toBe(304);
    expect((await api("POST", `/containers/${id}/kill`)).status).toBe(409);
    expect((await client.remove(id)).status).toBe(204);
  });

  it("have the defaults of the client's version: shared memory for others before 1.40, and of the host's cgroups", async () => {
    const cgroupns = cgroupMode() === "v2" ? "private" : "host";
    for (const [version, ipc] of [
      ["1.39", "shareable"],
      ["1.40", "private"],
      ["1.41", "private"],
    ]) {
      const created = await api("POST", `/v${version}/containers/create`, { body: { Image: "busybox" } });
      const { IpcMode, CgroupnsMode } = (await api("GET", `/containers/${created.json.Id}/json`)).json
        .HostConfig;
      expect([version, IpcMode, CgroupnsMode]).toEqual([version, ipc, cgroupns]);
      await client.remove(created.json.Id);
    }
  });

  it("take no recursive read-only binds by force from clients that are too old to know them", async () => {
    const Mounts = [
      {
        Type: "bind",
        Source: "/tmp",
        Target: "/m",
        ReadOnly: true,
        BindOptions: { ReadOnlyForceRecursive: true },
      },
    ];
    const body = { Image: "busybox", HostConfig: { Mounts } };
    const old = await api("POST", "/v1.43/containers/create", { body });
    expect([old.status, old.json.message]).toEqual([
      400,
      "BindOptions.ReadOnlyForceRecursive needs API v1.44 or newer",
    ]);
    const created = await api("POST", "/v1.44/containers/create", { body });
    expect(created.status).toBe(201);
    await client.remove(created.json.Id);
  });

  it("are waited for before they start", async () => {
    const id = await client.create({ Cmd: ["true"] });
    const waiting = api("POST", `/containers/${id}/wait?condition=next-exit`);
    await api("POST", `/containers/${id}/start`);
    expect((await waiting).json).toEqual({ StatusCode: 0 });
    expect((await api("POST", `/containers/${id}/wait?condition=nonsense`)).status).toBe(400);
    await client.remove(id);
  });

  it("take and give archives", async () => {
    const id = await client.create({ Cmd: ["cat", "/tmp/f"] });
    const put = await api("PUT", `/containers/${id}/archive?path=/tmp`, {
      body: await archiveOf({ f: "copied" }),
    });
    expect(put.status).toBe(200);
    const head = await api("HEAD", `/containers/${id}/archive?path=/tmp/f`);
    const stat = JSON.parse(
      Buffer.from(String(head.headers["x-docker-container-path-stat"]), "base64").toString(),
    );
    expect(stat).toMatchObject({ name: "f", size: 6 });
    const got = await api("GET", `/containers/${id}/archive?path=/tmp/f`);
    expect(got.headers["content-type"]).toBe("application/x-tar");
    expect(got.body.includes("copied")).toBe(true);
    expect((await api("GET", `/containers/${id}/archive?path=/none`)).status).toBe(404);
    expect((await api("GET", `/containers/${id}/archive`)).status).toBe(400);
    expect(
      (await api("PUT", `/containers/${id}/archive?path=/tmp`, { body: Buffer.alloc(2000, "x") })).status,
    ).toBe(400);
    await api("POST", `/containers/${id}/start`);
    expect(await client.wait(id)).toBe(0);
    await client.remove(id);
  });

  it("show figures and processes", async () => {
    const id = await client.run({ Cmd: ["sleep", "100"] });
    const stats = (await api("GET", `/containers/${id}/stats?stream=0&one-shot=1`)).json;
    expect(stats).toMatchObject({ id, cpu_stats: { cpu_usage: { total_usage: expect.any(Number) } } });
    expect(stats.pids_stats.current).toBeGreaterThan(0);
    expect((await api("GET", `/containers/${id}/top`)).json.Processes).toHaveLength(1);
    await client.remove(id);
  });

  it("become images", async () => {
    const id = await client.run({ Cmd: ["touch", "/made"] });
    await client.wait(id);
    expect((await api("GET", `/containers/${id}/changes`)).json).toContainEqual({ Path: "/made", Kind: 1 });
    const query = `container=${id}&repo=kept&tag=1&comment=c&changes=${encodeURIComponent('CMD ["ls","/made"]')}`;
    const commit = await api("POST", `/commit?${query}`, { body: { Env: ["A=1"] } });
    expect(commit.status).toBe(201);
    const image = (await api("GET", "/images/kept:1/json")).json;
    expect(image).toMatchObject({
      Id: commit.json.Id,
      RepoTags: ["kept:1"],
      Config: { Cmd: ["ls", "/made"] },
    });
    expect(image.Config.Env).toContain("A=1");
    await client.remove(id);
  });
});
