import { describe, expect, it } from "vitest";
import { extraHosts } from "./extra-hosts.ts";
import { type FrontendRequest, frontendAttributes } from "./frontend-attributes.ts";
import { attestationAttributes } from "./parse-attestations.ts";
import { parseCaches } from "./parse-caches.ts";
import { parseOutput } from "./parse-outputs.ts";
import { parseSecret, secretReaders } from "./parse-secrets.ts";
import { prepareOutputs } from "./prepare-outputs.ts";

const nothing = { tags: [], annotations: [], load: false, push: false, standardOutput: undefined };

describe("outputs", () => {
  it.each<[string[], Partial<typeof nothing>, [string, Record<string, string>][]]>([
    [[], {}, [["image", {}]]],
    [[], { tags: ["a:1", "b"] as never }, [["image", { name: "a:1,b" }]]],
    [["type=docker"], { tags: ["a"] as never }, [["image", { name: "a" }]]],
    [["type=registry"], { tags: ["a"] as never }, [["image", { name: "a", push: "true" }]]],
    [["type=image"], { push: true, tags: ["a"] as never }, [["image", { name: "a", push: "true" }]]],
    [["out"], {}, [["local", {}]]],
    [["type=cacheonly"], {}, []],
    [
      ["type=local,dest=out"],
      { load: true },
      [
        ["local", {}],
        ["image", {}],
      ],
    ],
    [["type=oci,dest=x.tar,compression=zstd"], {}, [["oci", { compression: "zstd" }]]],
    [
      [],
      { annotations: ["index,manifest[linux/amd64]:k=v"] as never },
      [["image", { "annotation-index.k": "v", "annotation-manifest[linux/amd64].k": "v" }]],
    ],
    [[], { annotations: ["k=v"] as never }, [["image", { "annotation.k": "v" }]]],
  ])("of %j with %j", (outputs, options, expected) => {
    const prepared = prepareOutputs({ ...nothing, ...options, outputs: outputs.map(parseOutput) });
    expect(prepared.exporters.map(({ type, attributes }) => [type, attributes])).toEqual(expected);
  });

  it.each<[string[], object, string]>([
    [["-"], {}, "dest file is required for tar exporter. refusing to write to console"],
    [["type=oci"], {}, "dest file is required for oci exporter. refusing to write to console"],
    [["type=tar,dest=/tmp"], {}, "destination file /tmp is a directory"],
    [["type=local"], {}, "dest is required for local exporter"],
    [["type=local,dest=-"], {}, "dest cannot be stdout for local exporter"],
    [["dest=x,a=b"], {}, "type is required for output"],
    [["type=oci,dest=x,tar=false"], {}, "exporter oci with tar=false is not supported"],
    [[], { push: true }, "tag is needed when pushing to registry"],
    [[], { annotations: ["k"] }, 'invalid annotation "k", expected key=value'],
    [[], { annotations: ["layer:k=v"] }, 'unknown annotation type "layer"'],
  ])("refuses %j with %j", (outputs, options, message) => {
    expect(() => prepareOutputs({ ...nothing, ...options, outputs: outputs.map(parseOutput) })).toThrow(
      message,
    );
  });
});

describe("secrets", () => {
  it.each([
    ["id=a,src=/f", { id: "a", file: "/f" }],
    ["id=a,env=B", { id: "a", variable: "B" }],
    ["type=env,id=a,src=B", { id: "a", variable: "B" }],
    ["ID=a", { id: "a" }],
  ])("of %j", (text, expected) => {
    expect(parseSecret(text)).toEqual(expected);
  });

  it.each([
    ["id", "invalid field 'id' must be a key=value pair"],
    ["id=a,type=vault", 'unsupported secret type "vault"'],
    ["id=a,x=y", "unexpected key 'x' in 'x=y'"],
  ])("refuses %j", (text, message) => {
    expect(() => parseSecret(text)).toThrow(message);
  });

  it("are variables of their ids, or else files", async () => {
    const readers = secretReaders([{ id: "A" }, { id: "b", variable: "A" }], { A: "value" });
    expect([(await readers.get("A")!()).toString(), (await readers.get("b")!()).toString()]).toEqual([
      "value",
      "value",
    ]);
    expect(() => secretReaders([{ id: "nope" }], {})).toThrow(
      "failed to stat nope: stat nope: no such file or directory",
    );
    expect(() => secretReaders([{ id: "" }], {})).toThrow("secret missing ID");
  });
});

describe("caches and attestations", () => {
  it("pass their attributes through", () => {
    expect(parseCaches(["a/b,c/d", "type=local,src=x", ""])).toEqual([
      { type: "registry", attributes: { ref: "a/b" } },
      { type: "registry", attributes: { ref: "c/d" } },
      { type: "local", attributes: { src: "x" } },
    ]);
    expect(() => parseCaches(["src=x"])).toThrow('type required for "src=x"');
  });

  it.each<[object, Record<string, string>]>([
    [{}, { "attest:provenance": "mode=min,inline-only=true" }],
    [{ provenance: "false" }, {}],
    [
      { provenance: "mode=max", sbom: "true" },
      { "attest:provenance": "type=provenance,mode=max", "attest:sbom": "type=sbom" },
    ],
    [{ attest: ["type=provenance,disabled=true"] }, {}],
  ])("of %j", (wishes, expected) => {
    expect(attestationAttributes({ provenance: "", sbom: "", attest: [], ...wishes })).toEqual(expected);
  });
});

describe("attributes of the frontend", () => {
  const none: FrontendRequest = {
    ...{
      buildArgs: {},
      labels: {},
      target: "",
      platforms: [],
      noCache: false,
      noCacheFilter: [],
      pull: false,
    },
    ...{ network: "", extraHosts: [], shmSizeBytes: 0, ulimits: [], cgroupParent: "", limits: {} },
  };

  it("name what was asked for, and nothing else", () => {
    expect(frontendAttributes(none)).toEqual({ "image-resolve-mode": "local" });
    expect(
      frontendAttributes({
        ...none,
        ...{
          buildArgs: { A: "b" },
          labels: { l: "m" },
          target: "t",
          platforms: ["linux/amd64", "linux/arm64"],
        },
        ...{ noCacheFilter: ["x"], pull: true, network: "host", shmSizeBytes: 64, ulimits: ["nofile=1:2"] },
        extraHosts: extraHosts(["a=1.2.3.4,::1", "b:[::2]"]),
      }),
    ).toEqual({
      ...{
        "build-arg:A": "b",
        "label:l": "m",
        target: "t",
        platform: "linux/amd64,linux/arm64",
        "no-cache": "x",
      },
      ...{
        "image-resolve-mode": "pull",
        "force-network-mode": "host",
        "shm-size": "64",
        ulimit: "nofile=1:2",
      },
      "add-hosts": "a=1.2.3.4,a=::1,b=::2",
    });
  });

  it("refuse what makes no sense", () => {
    expect(() => frontendAttributes({ ...none, network: "mine" })).toThrow(
      'network mode "mine" not supported by buildkit',
    );
    expect(() => extraHosts(["a"])).toThrow("invalid host a");
    expect(() => extraHosts(["a=b"])).toThrow("invalid host a=b");
  });
});
