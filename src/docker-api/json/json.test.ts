import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isGantryError } from "../../base/index.ts";
import {
  createRequest,
  decodeStruct,
  encodeStruct,
  execOptions,
  hostConfig,
  networkCreateRequest,
  parseJsonText,
  updateConfig,
  volumeCreateOptions,
} from "./index.ts";

const decode = (body: string, type = createRequest) => decodeStruct(type, parseJsonText(Buffer.from(body)));

function messageOf(body: string, type = createRequest): string {
  try {
    decode(body, type);
  } catch (error) {
    expect(isGantryError(error, "InvalidArgument")).toBe(true);
    return (error as Error).message;
  }
  return "";
}

describe("keys", () => {
  it("are matched in any case, in nested objects too", () => {
    expect(decode('{"image":"busybox","HOSTCONFIG":{"memory":67108864,"cpuShares":2}}')).toEqual({
      Image: "busybox",
      HostConfig: { Memory: 67108864, CpuShares: 2 },
    });
    expect(decode('{"cmd":["a"],"detachKeys":"ctrl-x"}', execOptions)).toEqual({
      Cmd: ["a"],
      DetachKeys: "ctrl-x",
    });
    expect(decode('{"ipam":{"config":[{"subnet":"10.0.0.0/8"}]}}', networkCreateRequest)).toMatchObject({
      IPAM: { Config: [{ Subnet: "10.0.0.0/8" }] },
    });
  });

  it("of maps are kept as they are", () => {
    expect(decode('{"Labels":{"a":"1","A":"2"},"hostConfig":{"Sysctls":{"NET.x":"1"}}}')).toEqual({
      Labels: { a: "1", A: "2" },
      HostConfig: { Sysctls: { "NET.x": "1" } },
    });
  });

  it("that stand twice: the later wins, objects are filled by both", () => {
    expect(decode('{"Image":"a","image":"b"}')).toEqual({ Image: "b" });
    expect(decode('{"image":"b","Image":"a"}')).toEqual({ Image: "a" });
    expect(decode('{"HostConfig":{"Memory":1},"hostconfig":{"CpuShares":2}}')).toEqual({
      HostConfig: { Memory: 1, CpuShares: 2 },
    });
    expect(decode('{"Labels":{"a":"b"},"labels":{"c":"d"}}')).toEqual({ Labels: { a: "b", c: "d" } });
  });

  it("that nobody knows are dropped", () => {
    expect(decode('{"internal":{"owner":"cri"},"__proto__":{"Image":"x"},"constructor":1}')).toEqual({});
  });
});

describe("values", () => {
  it("null is nothing to a plain field and nil to the others", () => {
    expect(
      decode('{"Image":null,"Env":null,"Labels":null,"Tty":null,"Healthcheck":null,"Volumes":{"/v":null}}'),
    ).toEqual({ Image: "", Env: null, Labels: null, Tty: false, Healthcheck: null, Volumes: { "/v": {} } });
    expect(decode('{"Ulimits":[null]}', updateConfig)).toEqual({ Ulimits: [] });
    expect(decode("null")).toEqual({});
  });

  it("what stands in a list or a map is whole", () => {
    expect(decode('{"Ulimits":[{"Soft":5}]}', updateConfig)).toEqual({
      Ulimits: [{ Name: "", Hard: 0, Soft: 5 }],
    });
    expect(decode('{"PortBindings":{"80/tcp":[{}]}}', hostConfig)).toEqual({
      PortBindings: { "80/tcp": [{ HostIp: "", HostPort: "" }] },
    });
  });

  it("one word stands for a list of it where Docker says so", () => {
    expect(decode('{"Cmd":"ls","Entrypoint":["a",null]}')).toEqual({ Cmd: ["ls"], Entrypoint: ["a", ""] });
  });

  it("fixed arrays are filled and cut", () => {
    expect(decode('{"ConsoleSize":[1]}', hostConfig)).toEqual({ ConsoleSize: [1, 0] });
    expect(decode('{"ConsoleSize":[1,2,3]}', hostConfig)).toEqual({ ConsoleSize: [1, 2] });
  });
});

// What Go's encoding/json (1.24) says of each over moby's structs.
describe("what does not fit", () => {
  const field = (path: string) => `into Go struct field ${path}`;
  it.each([
    ['{"Image":5}', `cannot unmarshal number ${field("CreateRequest.Config.Image")} of type string`],
    ['{"Tty":"x"}', `cannot unmarshal string ${field("CreateRequest.Config.Tty")} of type bool`],
    ['{"Cmd":[1]}', `cannot unmarshal array ${field("CreateRequest.Config.Cmd")} of type string`],
    ['{"Cmd":5}', `cannot unmarshal number ${field("CreateRequest.Config.Cmd")} of type string`],
    ['{"Env":{}}', `cannot unmarshal object ${field("CreateRequest.Config.Env")} of type []string`],
    ['{"Env":[1]}', `cannot unmarshal number ${field("CreateRequest.Config.Env")} of type string`],
    [
      '{"Labels":[]}',
      `cannot unmarshal array ${field("CreateRequest.Config.Labels")} of type map[string]string`,
    ],
    [
      '{"ExposedPorts":1}',
      `cannot unmarshal number ${field("CreateRequest.Config.ExposedPorts")} of type nat.PortSet`,
    ],
    [
      '{"StopTimeout":1.5}',
      `cannot unmarshal number 1.5 ${field("CreateRequest.Config.StopTimeout")} of type int`,
    ],
    [
      '{"Healthcheck":{"Interval":"1s"}}',
      `cannot unmarshal string ${field("HealthcheckConfig.Config.Healthcheck.Interval")} of type time.Duration`,
    ],
    [
      '{"HostConfig":[]}',
      `cannot unmarshal array ${field("CreateRequest.HostConfig")} of type container.HostConfig`,
    ],
    [
      '{"HostConfig":{"Memory":"1g"}}',
      `cannot unmarshal string ${field("HostConfig.HostConfig.Resources.Memory")} of type int64`,
    ],
    [
      '{"HostConfig":{"Memory":99999999999999999999}}',
      `cannot unmarshal number 99999999999999999999 ${field("HostConfig.HostConfig.Resources.Memory")} of type int64`,
    ],
    [
      '{"HostConfig":{"BlkioWeight":-1}}',
      `cannot unmarshal number -1 ${field("HostConfig.HostConfig.Resources.BlkioWeight")} of type uint16`,
    ],
    [
      '{"HostConfig":{"NetworkMode":1}}',
      `cannot unmarshal number ${field("HostConfig.HostConfig.NetworkMode")} of type container.NetworkMode`,
    ],
    [
      '{"HostConfig":{"Mounts":[{"Type":1}]}}',
      `cannot unmarshal number ${field("Mount.HostConfig.Mounts.Type")} of type mount.Type`,
    ],
    [
      '{"NetworkingConfig":{"EndpointsConfig":{"a":{"Links":"x"}}}}',
      `cannot unmarshal string ${field("EndpointSettings.NetworkingConfig.EndpointsConfig.Links")} of type []string`,
    ],
    [
      '{"Image":1,"Hostname":true}',
      `cannot unmarshal number ${field("CreateRequest.Config.Image")} of type string`,
    ],
    ['{"Image":1,"Cmd":5}', `cannot unmarshal number ${field("CreateRequest.Config.Cmd")} of type string`],
    ["[]", "cannot unmarshal array into Go value of type container.CreateRequest"],
    ['"x"', "cannot unmarshal string into Go value of type container.CreateRequest"],
  ])("%s", (body, message) => {
    expect(messageOf(body)).toBe(`invalid JSON: json: ${message}`);
  });

  it.each([
    ["", "got EOF while reading request body"],
    ["{", "unexpected EOF"],
    ['{"a":tru', "unexpected EOF"],
    ['{"a":trux}', "invalid character 'x' in literal true (expecting 'e')"],
    ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['{"a":[1 2]}', "invalid character '2' after array element"],
    ['{"a":01}', "invalid character '1' after object key:value pair"],
    ['{"a":-}', "invalid character '}' in numeric literal"],
    ['{"a":1.}', "invalid character '}' after decimal point in numeric literal"],
    ['{"a":1e}', "invalid character '}' in exponent of numeric literal"],
    ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
    ['{"a":"\\u12g4"}', "invalid character 'g' in \\u hexadecimal character escape"],
    ['{"a":"\n"}', "invalid character '\\n' in string literal"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ["é", "invalid character 'Ã' looking for beginning of value"],
    ['{"Labels":{"__proto__":"x"}}', "the key __proto__ is not allowed"],
  ])("%j", (body, message) => {
    expect(messageOf(body)).toBe(`invalid JSON: ${message}`);
  });

  it("what is nested too deeply", () => {
    expect(messageOf(`{"Labels":${"[".repeat(5000)}`)).toBe("invalid JSON: exceeded max depth");
  });

  it("content after the value, but for closing brackets", () => {
    expect(messageOf("{}x")).toBe("unexpected content after JSON");
    expect(messageOf("{} {}")).toBe("unexpected content after JSON");
    expect(decode("{}}")).toEqual({});
  });

  it("never ends otherwise than with InvalidArgument", () => {
    const types = [createRequest, networkCreateRequest, volumeCreateOptions, execOptions];
    const nested = fc.object({ key: fc.constantFrom("HostConfig", "Cmd", "IPAM", "Config", "labels", "x") });
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        nested,
        (type, body) => void messageOf(JSON.stringify(body), type),
      ),
    );
    fc.assert(fc.property(fc.string(), (body) => void messageOf(body)));
  });
});

describe("answers", () => {
  it("hold every field, nil where nothing was set, and leave the empty out where Docker does", () => {
    const encoded = encodeStruct(hostConfig, {
      Memory: 5,
      CapAdd: [],
      Sysctls: {},
      Tmpfs: { "/b": "", "/a": "" },
    });
    expect(encoded).toMatchObject({
      Binds: null,
      CapAdd: [],
      CapDrop: null,
      ConsoleSize: [0, 0],
      LogConfig: { Type: "", Config: null },
      Memory: 5,
      MemorySwappiness: null,
      RestartPolicy: { Name: "", MaximumRetryCount: 0 },
    });
    expect(Object.keys(encoded)).toHaveLength(63);
    expect(Object.keys(encoded.Tmpfs as object)).toEqual(["/a", "/b"]);
    for (const absent of ["Sysctls", "Runtime", "Mounts", "Init", "KernelMemory"]) {
      expect(encoded).not.toHaveProperty(absent);
    }
  });

  it("do not hold what the table does not know", () => {
    expect(encodeStruct(volumeCreateOptions, { Name: "x", secret: 1 })).toEqual({ Name: "x" });
  });
});
