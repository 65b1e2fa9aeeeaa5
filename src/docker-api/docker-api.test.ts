import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import {
  connectOptions,
  createRequest,
  disconnectOptions,
  execOptions,
  execStartOptions,
  type GoType,
  networkCreateRequest,
  type StructType,
  updateConfig,
  volumeCreateOptions,
} from "./json/index.ts";
import { ApiClient, type CallOptions } from "./testing/api-client.ts";
import { useEngineHouse } from "./testing/engine-house.ts";

const house = useEngineHouse();
const client = new ApiClient(house);

const api = (method: string, path: string, options?: CallOptions) => client.call(method, path, options);

describe("system", () => {
  it("answers the ping with what clients look for", async () => {
    for (const method of ["GET", "HEAD"]) {
      const answer = await api(method, "/_ping");
      expect(answer.status).toBe(200);
      expect(answer.text).toBe(method === "GET" ? "OK" : "");
      expect(answer.headers).toMatchObject({
        "api-version": "1.51",
        "docker-experimental": "false",
        ostype: "linux",
        "builder-version": "1",
        server: "Docker/0.0.0 (linux)",
        "cache-control": "no-cache, no-store, must-revalidate",
      });
    }
  });

  it("tells version and info", async () => {
    expect((await api("GET", "/version")).json).toMatchObject({
      ApiVersion: "1.51",
      MinAPIVersion: "1.24",
      Os: "linux",
    });
    expect((await api("GET", "/v1.24/info")).json).toMatchObject({
      Images: 1,
      Swarm: { LocalNodeState: "inactive" },
    });
    expect((await api("GET", "/system/df")).json.Images).toHaveLength(1);
  });

  it.each([
    ["GET", "/nothing", 404, "page not found"],
    ["GET", "/v1.99/info", 400, "client version 1.99 is too new"],
    ["GET", "/containers/none/json", 404, "No such container: none"],
    ["GET", "/images/none/json", 404, "No such image: none:latest"],
    ["GET", "/networks/missing", 404, "network missing not found"],
    ["GET", "/volumes/none", 404, "no such volume"],
    ["GET", "/swarm", 503, "This node is not a swarm manager."],
    ["GET", "/nodes", 503, "This node is not a swarm manager."],
    ["GET", "/images/search?term=x", 501, "searching a registry is not supported"],
    ["GET", "/containers/json?filters=%7B", 400, "invalid filter"],
    ["GET", "/images/json?filters=%7B%22nope%22%3A%5B%22x%22%5D%7D", 400, "invalid filter 'nope'"],
    ["POST", "/containers/create", 400, "got EOF while reading request body"],
    ["POST", "/build?version=2", 501, "BuildKit is not supported"],
    ["POST", "/auth", 501, "not supported"],
  ])("%s %s", async (method, path, status, message) => {
    const answer = await api(method, path);
    expect([answer.status, answer.json.message]).toEqual([status, expect.stringContaining(message)]);
  });
});

const VALUES = ["null", "5", '"x"', "{}", "[{}]", '{"a":{}}'];

/** Each field of a struct, and of those in it, with each value. */
function membersOf(type: StructType): string[] {
  return type.fields.flatMap((field) => {
    const own = VALUES.map((value) => `"${field.name}":${value}`);
    const [inner, wrap] = structIn(field.type, (text) => text);
    return inner
      ? [...own, ...membersOf(inner).map((member) => `"${field.name}":${wrap(`{${member}}`)}`)]
      : own;
  });
}

function structIn(
  type: GoType,
  wrap: (text: string) => string,
): [StructType | undefined, (text: string) => string] {
  if (type.kind === "struct") return [type, wrap];
  if (type.kind === "pointer") return structIn(type.element, wrap);
  if (type.kind === "slice") return structIn(type.element, (text) => wrap(`[${text}]`));
  if (type.kind === "map") return structIn(type.element, (text) => wrap(`{"k":${text}}`));
  return [undefined, wrap];
}

const ODD = [
  "",
  "x",
  "-1",
  "99999999999999999999",
  "1.5",
  "\0",
  "[",
  "*",
  "a:b",
  "sha256:",
  "@",
  "true",
  " ",
  "1-2",
  "🙂",
];

/** Each filter of each list and each parameter of the others, with each odd value. */
function oddQueries(id: string): [method: string, path: string][] {
  const lists = ["GET /containers/json", "GET /images/json", "GET /networks", "GET /volumes"];
  const prunes = ["containers", "images", "networks", "volumes"].map((area) => `POST /${area}/prune`);
  const filterNames =
    "ancestor before exited expose health id is-task label name network publish since status volume dangling driver scope type reference until label! all";
  const bodies = ["{", "[]", "null", '{"a":[null]}', '{"label":[]}', '{"__proto__":["x"]}'];
  const filters = filterNames
    .split(" ")
    .flatMap((name) => ODD.map((value) => JSON.stringify({ [name]: [value] })));
  const parameters: Record<string, string> = {
    "GET /containers/json": "limit size all",
    [`GET /containers/${id}/logs?stdout=1`]: "since until tail",
    [`POST /containers/${id}/resize`]: "h w",
    [`GET /containers/${id}/top`]: "ps_args",
    [`HEAD /containers/${id}/archive`]: "path",
    [`POST /containers/${id}/rename`]: "name",
    "GET /events?since=1&until=2": "since until filters",
    "POST /images/busybox/tag": "repo tag",
    "GET /images/get": "names",
    "POST /containers/create": "name platform",
    "GET /system/df": "type",
    "POST /commit": "container repo tag changes",
    "GET /networks/bridge": "verbose scope",
    "POST /build":
      "t dockerfile memory labels buildargs ulimits platform target version networkmode extrahosts",
  };
  const asked = [...lists, ...prunes].flatMap((target) =>
    [...filters, ...bodies].map((value) => [target, "filters", value] as const),
  );
  const others = Object.entries(parameters).flatMap(([target, names]) =>
    names.split(" ").flatMap((name) => ODD.map((value) => [target, name, value] as const)),
  );
  return [...asked, ...others].map(([target, name, value]) => {
    const [method, path] = target.split(" ") as [string, string];
    return [method, `${path}${path.includes("?") ? "&" : "?"}${name}=${encodeURIComponent(value)}`];
  });
}

describe("bad input", () => {
  it.each<[string, CallOptions["body"], string]>([
    ["garbage", "{", "invalid JSON"],
    ["an array", "[]", "cannot unmarshal array into Go value of type container.CreateRequest"],
    ["wrong kinds", { Image: 5 }, "number into Go struct field CreateRequest.Config.Image of type string"],
    ["wrong lists", { Image: "busybox", Env: [1] }, "CreateRequest.Config.Env of type string"],
    ["an empty object", {}, "config cannot be empty in order to create a container"],
    ["null", "null", "config cannot be empty in order to create a container"],
    ["only the host's side", { HostConfig: { Memory: 1 } }, "config cannot be empty"],
    [
      "wrong host configuration",
      { Image: "busybox", HostConfig: { Memory: "1g" } },
      "HostConfig.HostConfig.Resources.Memory of type int64",
    ],
    ["a prototype", '{"Image":"busybox","Labels":{"__proto__":"x"}}', "__proto__"],
    ["a deep one", `{"Labels":${"[".repeat(5000)}${"]".repeat(5000)}}`, "exceeded max depth"],
    ["more than one", '{"Image":"busybox"}{}', "unexpected content after JSON"],
  ])("%s is refused", async (_, body, message) => {
    const answer = await api("POST", "/containers/create", { body });
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining(message)]);
  });

  it.each([
    ["text/plain", "unsupported Content-Type header (text/plain): must be 'application/json'"],
    ["", "malformed Content-Type header (): mime: no media type"],
    ["a b", "malformed Content-Type header (a b): mime: expected slash after first token"],
    ["a/", "malformed Content-Type header (a/): mime: expected token after slash"],
    ["a/b c", "malformed Content-Type header (a/b c): mime: unexpected content after media subtype"],
    [
      "application/json; x",
      "malformed Content-Type header (application/json; x): mime: invalid media parameter",
    ],
  ])("of the type %j is refused", async (type, message) => {
    const headers = { "content-type": type };
    const answer = await api("POST", "/containers/create", { body: { Image: "busybox" }, headers });
    expect([answer.status, answer.json.message]).toEqual([400, message]);
  });

  it("of JSON's type with parameters is not", async () => {
    const headers = { "content-type": 'Application/JSON; charset="utf-8";' };
    const answer = await api("POST", "/containers/create", { body: "{}", headers });
    expect(answer.json.message).toContain("config cannot be empty");
  });

  it("has keys in any case", async () => {
    const answer = await api("POST", "/containers/create", {
      body: { image: "busybox", cmd: ["true"], hostConfig: { memory: 67108864 } },
    });
    expect(answer.status).toBe(201);
    expect((await api("GET", `/containers/${answer.json.Id}/json`)).json.HostConfig.Memory).toBe(67108864);
    await client.remove(answer.json.Id);
  });

  it("never ends in an error of the server, whatever stands in its fields", async () => {
    const id = await client.run({ Cmd: ["sleep", "600"] });
    const exec = async () =>
      (await api("POST", `/containers/${id}/exec`, { body: { Cmd: ["true"] } })).json.Id as string;
    const targets: [type: StructType, path: () => string | Promise<string>, first: string][] = [
      [createRequest, () => "/containers/create", '"Image":"busybox",'],
      [updateConfig, () => `/containers/${id}/update`, ""],
      [execOptions, () => `/containers/${id}/exec`, '"Cmd":["true"],'],
      [execStartOptions, async () => `/exec/${await exec()}/start`, ""],
      [networkCreateRequest, () => "/networks/create", ""],
      [connectOptions, () => "/networks/bridge/connect", `"Container":"${id}",`],
      [disconnectOptions, () => "/networks/none/disconnect", `"Container":"${id}",`],
      [volumeCreateOptions, () => "/volumes/create", ""],
    ];
    const failures: string[] = [];
    for (const [type, path, first] of targets) {
      for (const member of membersOf(type)) {
        const body = `{${first}${member}}`;
        const answer = await api("POST", await path(), { body });
        const { status } = answer;
        if (status >= 500 && status !== 501) failures.push(`${body}: ${status} ${answer.text}`);
        if (status === 201 && type === createRequest) await client.remove(answer.json.Id);
        if (status === 201 && type === networkCreateRequest)
          await api("DELETE", `/networks/${answer.json.Id}`);
        if (status === 201 && type === volumeCreateOptions)
          await api("DELETE", `/volumes/${answer.json.Name}`);
      }
    }
    expect(failures).toEqual([]);
    await client.remove(id);
  }, 60_000);

  it("never ends in an error of the server, whatever stands in a query", async () => {
    const id = await client.run({ Cmd: ["sleep", "600"] });
    const failures: string[] = [];
    for (const [method, path] of oddQueries(id)) {
      const { status, text } = await api(method, path);
      if (status >= 500 && status !== 501) failures.push(`${method} ${path}: ${status} ${text}`);
    }
    expect(failures).toEqual([]);
    await client.remove(id);
  }, 60_000);

  it("cannot reach what is internal", async () => {
    const id = await client.create({
      internal: { owner: "cri", mounts: [{ source: "/etc", target: "/host" }] },
    });
    expect((await api("GET", "/containers/json?all=1")).json.map((row: { Id: string }) => row.Id)).toContain(
      id,
    );
    await client.remove(id);
  });

  it("that is too large is refused early", async () => {
    const answer = await api("POST", "/containers/create", {
      body: "x",
      headers: { "content-length": String(1e9) },
    }).catch(() => undefined);
    expect(answer?.status ?? 413).toBe(413);
  });

  it("cut off or malformed does no harm", async () => {
    for (const text of [
      "GET / HT",
      "\0\0\0\0",
      "POST /containers/create HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
      "GET /_ping HTTP/1.1\r\n\r\n",
    ]) {
      const socket = connect(house.socketPath);
      socket.write(text);
      socket.end();
      await new Promise((resolve) => socket.on("close", resolve).resume());
    }
    expect((await api("GET", "/_ping")).status).toBe(200);
  });

  it("from web pages is refused", async () => {
    const forbidden = [
      { origin: "http://evil.test" },
      { "sec-fetch-site": "cross-site" },
      { host: "evil.test" },
      { host: "evil.test:2375" },
    ];
    for (const headers of forbidden) {
      expect((await api("GET", "/_ping", { tcp: true, headers: headers as never })).status).toBe(403);
    }
    for (const headers of [{}, { host: "localhost:1" }, { host: "[::1]:2" }, { host: "10.0.0.1" }]) {
      expect((await api("GET", "/_ping", { tcp: true, headers: headers as never })).status).toBe(200);
    }
  });

  it("on an upgrade gets an error and a closed connection", async () => {
    for (const [path, expected] of [
      ["/containers/none/attach?stream=1", "404"],
      ["/exec/none/start", "404"],
      ["/session", "404"],
      ["/v1.99/exec/x/start", "400"],
    ]) {
      const { head, ended } = await client.upgrade(path!, "{}");
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
      await ended;
    }
    const { head, ended } = await client.upgrade("/exec/none/start", "{nonsense");
    expect(head).toMatch(/^HTTP\/1.1 400 /);
    await ended;
  });
});

describe("networks and volumes", () => {
  it("come and go", async () => {
    const created = await api("POST", "/networks/create", {
      body: { Name: "n1", IPAM: { Config: [{ Subnet: "10.123.45.0/24" }] }, Labels: { a: "b" } },
    });
    expect(created.status).toBe(201);
    expect((await api("GET", "/networks/n1")).json).toMatchObject({
      Name: "n1",
      IPAM: { Config: [{ Subnet: "10.123.45.0/24" }] },
    });
    const filter = encodeURIComponent('{"type":["custom"]}');
    expect((await api("GET", `/networks?filters=${filter}`)).json).toHaveLength(1);
    expect((await api("POST", "/networks/create", { body: { Name: "n1" } })).status).toBe(409);
    expect((await api("POST", "/networks/create", { body: { Name: "n6", EnableIPv6: true } })).status).toBe(
      501,
    );
    expect((await api("POST", "/networks/prune")).json.NetworksDeleted).toEqual(["n1"]);

    expect((await api("POST", "/volumes/create", { body: { Name: "v1" } })).json.Name).toBe("v1");
    expect((await api("GET", "/volumes")).json.Volumes).toMatchObject([{ Name: "v1" }]);
    expect((await api("DELETE", "/volumes/v1")).status).toBe(204);
  });
});

it("streams events", async () => {
  const since = Math.floor(Date.now() / 1000) - 1;
  const id = await client.run({ Cmd: ["true"] });
  await client.wait(id);
  await client.remove(id);
  const filter = encodeURIComponent(JSON.stringify({ container: [id] }));
  const { text } = await api("GET", `/events?since=${since}&until=${since + 3}&filters=${filter}`);
  const actions = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter((event) => event.Type === "container");
  expect(actions.map((event) => event.Action)).toEqual(
    expect.arrayContaining(["create", "start", "die", "destroy"]),
  );
  expect(actions[0]).toMatchObject({ id, status: "create", from: "busybox" });
});
