import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { configMap, type Json, nodePod, podOf, shell, shellPod, useKube } from "../support/kube.ts";

const kube = useKube(["busybox", "node"]);
const hostDir = mkdtempSync(join(tmpdir(), "gantry-host-"));

beforeAll(async () => {
  await kube.apply([
    configMap("files", { "a.txt": "first", "b.txt": "second" }),
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "keys" },
      data: { "key.bin": Buffer.from([0, 1, 254, 255]).toString("base64"), word: "d29yZA==" },
    },
  ]);
});
afterAll(async () => {
  rmSync(hostDir, { recursive: true, force: true });
});

const NEVER = { restartPolicy: "Never" };

/** A pod whose one container runs the script with these volumes at `/v/<name>`. */
function withVolumes(
  name: string,
  script: string,
  volumes: Json[],
  spec: Json = {},
  container: Json = {},
): Json {
  const volumeMounts = volumes.map((volume) => ({ name: volume.name, mountPath: `/v/${volume.name}` }));
  return shellPod(name, script, { ...NEVER, volumes, ...spec }, { volumeMounts, ...container });
}

async function output(name: string): Promise<string> {
  await kube.untilPhase(name, "Succeeded");
  return kube.logs(name);
}

describe("configMaps, secrets and the pod's own fields as files", () => {
  it("have the asked keys, modes and contents, and cannot be written", async () => {
    await kube.apply(
      withVolumes(
        "files",
        "cd /v; head -n 9 cm/* some/deep/* ; echo; stat -Lc %a secret/* cm/a.txt some/deep/x; od -An -tx1 secret/key.bin; touch cm/new 2>&1; ls optional | wc -l",
        [
          { name: "cm", configMap: { name: "files" } },
          {
            name: "some",
            configMap: { name: "files", items: [{ key: "b.txt", path: "deep/x", mode: 0o400 }] },
          },
          { name: "secret", secret: { secretName: "keys", defaultMode: 0o440 } },
          { name: "optional", configMap: { name: "nowhere", optional: true } },
        ],
      ),
    );
    expect(await output("files")).toBe(
      [
        "==> cm/a.txt <==\nfirst",
        "==> cm/b.txt <==\nsecond",
        "==> some/deep/x <==\nsecond",
        "440\n440\n644\n400",
        " 00 01 fe ff",
        "touch: cm/new: Read-only file system",
        "0\n",
      ].join("\n"),
    );
  });

  it("have room for other volumes mounted inside them", async () => {
    await kube.apply(
      podOf(
        "nested",
        [
          {
            name: "main",
            ...shell("echo -n hi >/etc/cm/deep/in/x; cat /etc/cm/deep/in/x /etc/cm/a.txt"),
            volumeMounts: [
              { name: "cm", mountPath: "/etc/cm" },
              { name: "in", mountPath: "/etc/cm/deep/in/" },
            ],
          },
        ],
        {
          ...NEVER,
          volumes: [
            { name: "cm", configMap: { name: "files" } },
            { name: "in", emptyDir: {} },
          ],
        },
      ),
    );
    expect(await output("nested")).toBe("hifirst");
  });

  it("wait for what is missing, and say so", async () => {
    await kube.apply(withVolumes("waits", "cat /v/late/k", [{ name: "late", configMap: { name: "late" } }]));
    await eventually("FailedMount", async () =>
      (await kube.events("waits")).includes(
        'FailedMount: MountVolume.SetUp failed for volume "late" : configmap "late" not found',
      ),
    );
    expect((await kube.pod("waits")).status.containerStatuses[0].state.waiting.reason).toBe(
      "ContainerCreating",
    );
    await kube.apply(configMap("late", { k: "here" }));
    expect(await output("waits")).toBe("here");
  });

  it("follow changes of the object, all files at once; subPath stays", async () => {
    await kube.apply([
      configMap("live", { x: "1", y: "1" }),
      podOf(
        "live",
        [
          {
            name: "main",
            ...shell("sleep 1000"),
            volumeMounts: [
              { name: "live", mountPath: "/live" },
              { name: "live", mountPath: "/fixed", subPath: "x" },
            ],
            env: [{ name: "X", valueFrom: { configMapKeyRef: { name: "live", key: "x" } } }],
          },
        ],
        { volumes: [{ name: "live", configMap: { name: "live" } }] },
      ),
    ]);
    await kube.untilReady("live");
    const read = async () =>
      (await kube.exec("live", "sh", "-c", "cat /live/*; cat /fixed; echo -n $X")).stdout;
    expect(await read()).toBe("1111");
    await kube.apply(configMap("live", { x: "2", z: "2" }));
    await eventually("the new files", async () => (await read()) === "2211");
    expect((await kube.exec("live", "ls", "/live")).stdout).toBe("x\nz\n");
  });

  it("show the new content by subPath after a restart, also of the program; what runs keeps the old", async () => {
    const projected = [
      { configMap: { name: "turning", items: [{ key: "x", path: "deep/x" }] } },
      { downwardAPI: { items: [{ path: "turn", fieldRef: { fieldPath: "metadata.labels['turn']" } }] } },
    ];
    const turn = { fieldRef: { fieldPath: "metadata.labels['turn']" } };
    const secret = (word: string) => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "turning" },
      stringData: { word },
    });
    const change = async (to: string) => {
      await kube.apply([configMap("turning", { x: to }), secret(to)]);
      await kube.must("label", "--overwrite", "pod", "turning", `turn=${to}`);
    };
    const subPaths: [name: string, subPath: string][] = [
      ["cm", "x"],
      ["secret", "word"],
      ["all", "deep"],
      ["all", "turn"],
      ["me", "in/turn"],
    ];
    const mounts = subPaths.map(([name, subPath], index) => ({ name, subPath, mountPath: `/sub/${index}` }));
    await kube.apply([
      configMap("turning", { x: "one" }),
      secret("one"),
      podOf(
        "turning",
        [
          {
            name: "main",
            ...shell("trap 'exit 1' TERM; while :; do sleep 0.05; done"),
            volumeMounts: [...mounts, { name: "all", mountPath: "/all" }],
          },
        ],
        {
          labels: { turn: "one" },
          initContainers: [
            {
              name: "first",
              // Until all of the change is in the volumes: each source comes in its own time.
              ...shell(
                "for f in cm/x secret/word all/deep/x all/turn me/in/turn; do until grep -q two /$f; do sleep 0.05; done; done; grep -q two /sub",
              ),
              volumeMounts: [
                ...["cm", "secret", "all", "me"].map((name) => ({ name, mountPath: `/${name}` })),
                { name: "cm", mountPath: "/sub", subPath: "x" },
              ],
            },
          ],
          volumes: [
            { name: "cm", configMap: { name: "turning" } },
            { name: "secret", secret: { secretName: "turning" } },
            { name: "all", projected: { sources: projected } },
            { name: "me", downwardAPI: { items: [{ path: "in/turn", ...turn }] } },
          ],
        },
      ),
    ]);
    await kube.untilPod(
      "turning",
      "initializing",
      (pod) => pod.status.initContainerStatuses?.[0].state.running,
    );
    await change("two");
    const started = await kube.untilReady("turning");
    expect(started.status.initContainerStatuses[0].restartCount).toBe(1);
    const read = async () =>
      (
        await kube.exec(
          "turning",
          "sh",
          "-c",
          "cd /sub; cat 0; echo; cat 1; echo; cat 2/x; echo; cat 3; echo; cat 4",
        )
      ).stdout;
    const restarted = (count: number) =>
      kube.untilPod(
        "turning",
        `running for the ${count + 1}. time`,
        ({ status }) =>
          status.containerStatuses[0].restartCount === count && status.containerStatuses[0].state.running,
      );
    const five = (word: string) => Array(5).fill(word).join("\n");
    expect(await read()).toBe(five("two"));
    await change("three");
    await eventually("the new content in the volume", async () => {
      const { stdout } = await kube.exec("turning", "cat", "/all/deep/x", "/all/turn");
      return stdout === "threethree";
    });
    expect(await read()).toBe(five("two"));
    await kube.exec("turning", "kill", "1");
    await restarted(1);
    expect(await read()).toBe(five("three"));
    await kube.platform.kill();
    await kube.platform.up();
    await change("four");
    expect(await read()).toBe(five("three"));
    await kube.exec("turning", "kill", "1");
    await restarted(2);
    expect(await read()).toBe(five("four"));
    await kube.must("delete", "pod", "turning", "--wait=false");
  });

  it("tell labels, annotations and resources by downwardAPI, and follow labels", async () => {
    await kube.apply(
      withVolumes(
        "downward",
        "sleep 1000",
        [
          {
            name: "me",
            downwardAPI: {
              items: [
                { path: "labels", fieldRef: { fieldPath: "metadata.labels" } },
                { path: "name", fieldRef: { fieldPath: "metadata.name" } },
                {
                  path: "cpu",
                  resourceFieldRef: { containerName: "main", resource: "limits.cpu", divisor: "1m" },
                },
              ],
            },
          },
        ],
        {},
        { resources: { limits: { cpu: "250m" } } },
      ),
    );
    await kube.untilReady("downward");
    const read = async () =>
      (await kube.exec("downward", "sh", "-c", "cd /v/me; cat labels; echo; cat name; echo; cat cpu")).stdout;
    expect(await read()).toBe('app="downward"\ndownward\n250');
    await kube.must("label", "pod", "downward", "colour=red");
    await eventually("the new label", async () => (await read()).includes('app="downward"\ncolour="red"\n'));
    await kube.must("delete", "pod", "downward", "--wait=false");
  });

  it("join in one projected volume", async () => {
    await kube.apply(
      withVolumes(
        "projected",
        "cd /v/all; ls -A | grep -v '^\\.\\.'; cat f/a; ls -L token >/dev/null && echo ok",
        [
          {
            name: "all",
            projected: {
              sources: [
                { configMap: { name: "files", items: [{ key: "a.txt", path: "f/a" }] } },
                { secret: { name: "keys", items: [{ key: "word", path: "word" }] } },
                { downwardAPI: { items: [{ path: "uid", fieldRef: { fieldPath: "metadata.uid" } }] } },
                { serviceAccountToken: { path: "token", expirationSeconds: 3600, audience: "elsewhere" } },
                { configMap: { name: "nowhere", optional: true } },
              ],
            },
          },
        ],
      ),
    );
    expect(await output("projected")).toBe("f\ntoken\nuid\nword\nfirstok\n");
  });
});

describe("emptyDir, hostPath and subPath", () => {
  it("shares an emptyDir between containers, keeps it over restarts, and has it in memory if wished", async () => {
    await kube.apply(
      podOf(
        "empty",
        [
          {
            name: "main",
            ...shell("n=$(ls /d | wc -l); touch /d/$n; [ $n = 1 ] && exit 0; exit 1"),
            volumeMounts: [{ name: "d", mountPath: "/d" }],
          },
          {
            name: "other",
            ...shell(
              "until [ -e /d/1 ]; do sleep 0.05; done; grep ' /m ' /proc/mounts; stat -c %a /d /m; dd if=/dev/zero of=/m/big bs=1M count=8 2>&1 | grep -o 'No space.*'",
            ),
            volumeMounts: [
              { name: "d", mountPath: "/d" },
              { name: "m", mountPath: "/m" },
            ],
          },
        ],
        {
          restartPolicy: "OnFailure",
          volumes: [
            { name: "d", emptyDir: {} },
            { name: "m", emptyDir: { medium: "Memory", sizeLimit: "4Mi" } },
          ],
        },
      ),
    );
    await kube.untilPhase("empty", "Succeeded");
    const log = await kube.logs("empty", "other");
    expect(log).toMatch(/^tmpfs \/m tmpfs rw,.*size=4096k/);
    expect(log).toContain("\n777\n777\nNo space left on device\n");
  });

  it("mounts host paths by their type, read-only if wished", async () => {
    writeFileSync(join(hostDir, "file"), "from the host");
    mkdirSync(join(hostDir, "dir"));
    const path = (name: string, type?: string) => ({ path: join(hostDir, name), ...(type ? { type } : {}) });
    await kube.apply([
      withVolumes("host", "cat /v/file; touch /v/made/x /v/madefile && touch /v/dir/ro 2>&1; true", [
        { name: "file", hostPath: path("file", "File") },
        { name: "dir", hostPath: path("dir", "Directory") },
        { name: "made", hostPath: path("made", "DirectoryOrCreate") },
        { name: "madefile", hostPath: path("madefile", "FileOrCreate") },
      ]),
      withVolumes("host-none", "true", [{ name: "x", hostPath: path("none", "Directory") }]),
      withVolumes("host-wrong", "true", [{ name: "x", hostPath: path("file", "Socket") }]),
      podOf(
        "host-ro",
        [
          {
            name: "main",
            ...shell("touch /ro/x"),
            volumeMounts: [{ name: "ro", mountPath: "/ro", readOnly: true }],
          },
        ],
        { ...NEVER, volumes: [{ name: "ro", hostPath: path("dir") }] },
      ),
    ]);
    expect(await output("host")).toBe("from the host");
    expect(existsSync(join(hostDir, "made", "x"))).toBe(true);
    await kube.untilPhase("host-ro", "Failed");
    expect(await kube.logs("host-ro")).toContain("Read-only file system");
    const failedMount = (pod: string, why: RegExp) =>
      eventually(`FailedMount of ${pod}`, async () =>
        (await kube.events(pod)).some((text) => text.startsWith("FailedMount: ") && why.test(text)),
      );
    await failedMount("host-none", /hostPath type check failed: .*none is not a directory$/);
    await failedMount("host-wrong", /hostPath type check failed: .*file is not a socket file$/);
    await kube.must("delete", "pod", "host-none", "host-wrong", "--wait=false");
  });

  it("keeps subPath inside the volume, expanded from the environment", async () => {
    const outside = mkdtempSync(join(tmpdir(), "gantry-outside-"));
    mkdirSync(join(hostDir, "sub"), { recursive: true });
    symlinkSync(outside, join(hostDir, "sub", "link"));
    const mount = (more: Json): Json => ({ name: "v", mountPath: "/in", ...more });
    const pod = (name: string, script: string, volumeMount: Json): Json =>
      podOf(
        name,
        [
          {
            name: "main",
            ...shell(script),
            env: [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
            volumeMounts: [volumeMount],
          },
        ],
        { ...NEVER, volumes: [{ name: "v", hostPath: { path: join(hostDir, "sub") } }] },
      );
    await kube.apply([
      pod("sub-path", "echo -n mine >/in/x", mount({ subPathExpr: "of/$(POD)" })),
      pod("sub-escape", "touch /in/escaped", mount({ subPath: "link" })),
    ]);
    await kube.untilPhase("sub-path", "Succeeded");
    expect(readFileSync(join(hostDir, "sub/of/sub-path/x"), "utf8")).toBe("mine");
    const refused = await kube.untilPod(
      "sub-escape",
      "refused",
      (pod) => pod.status.containerStatuses?.[0].state.waiting?.reason === "CreateContainerConfigError",
    );
    expect(refused.status.containerStatuses[0].state.waiting.message).toBe(
      'failed to prepare subPath for volumeMount "v" of container "main"',
    );
    expect(existsSync(join(outside, "escaped"))).toBe(false);
    rmSync(outside, { recursive: true });
  });

  it("refuses volumes that are not built, clearly", async () => {
    const applied = await kube.tryApply(
      withVolumes("nfs", "true", [{ name: "x", nfs: { server: "192.0.2.1", path: "/" } }]),
    );
    if (applied.code !== 0) expect(applied.stderr).toMatch(/nfs/);
    else
      await eventually("FailedMount", async () =>
        (await kube.events("nfs")).some((text) => /^FailedMount: .*nfs/i.test(text)),
      );
    await kube.kubectl("delete", "pod", "nfs", "--wait=false");
  });
});

describe("mounts inside of volumes", () => {
  it("cross from a container to the host and to others as mountPropagation says", async () => {
    const mounting =
      "mkdir /v/sub && mount -t tmpfs t /v/sub && until [ -e /v/sub/seen ]; do sleep 0.1; done";
    const seeing =
      "until grep -q ' /v/sub tmpfs' /proc/mounts; do sleep 0.1; done; touch /v/sub/seen; echo seen";
    const blind = "until [ -e /v/sub ]; do sleep 0.1; done; sleep 0.5; grep -c ' /v/sub ' /proc/mounts";
    const container = (
      name: string,
      script: string,
      mountPropagation: string | undefined,
      more: Json = {},
    ) => ({
      ...{ name, ...shell(script), ...more },
      volumeMounts: [{ name: "e", mountPath: "/v", ...(mountPropagation && { mountPropagation }) }],
    });
    // The first to start, for what is mounted already is seen by everybody.
    const containers = [
      container("blind", `${blind}; true`, undefined),
      container("mounts", mounting, "Bidirectional", { securityContext: { privileged: true } }),
      container("sees", seeing, "HostToContainer"),
    ];
    await kube.apply(podOf("crossing", containers, { ...NEVER, volumes: [{ name: "e", emptyDir: {} }] }));
    await kube.untilPhase("crossing", "Succeeded");
    expect(await kube.logs("crossing", "sees")).toBe("seen\n");
    expect(await kube.logs("crossing", "blind")).toBe("0\n");
    await kube.must("delete", "pod", "crossing");
  });

  it("are read-only with recursiveReadOnly, and as they are without", async () => {
    const outer = join(hostDir, "outer");
    mkdirSync(join(outer, "sub"), { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "sub", join(outer, "sub")]);
    try {
      for (const [recursiveReadOnly, expected] of [
        ["Enabled", "refused\n"],
        ["IfPossible", "refused\n"],
        ["Disabled", "written\n"],
      ]) {
        const name = `ro-${recursiveReadOnly!.toLowerCase()}`;
        const script =
          "touch /v/h/x 2>/dev/null && echo root; touch /v/h/sub/x 2>/dev/null && echo written || echo refused";
        const volumeMounts = [{ name: "h", mountPath: "/v/h", readOnly: true, recursiveReadOnly }];
        await kube.apply(
          withVolumes(name, script, [{ name: "h", hostPath: { path: outer } }], {}, { volumeMounts }),
        );
        expect(await output(name)).toBe(expected);
      }
    } finally {
      execFileSync("umount", [join(outer, "sub")]);
    }
  });
});

describe("the service account's token", () => {
  const ask = (path: string) => `
    const fs = require("node:fs"), https = require("node:https"), dir = "/var/run/secrets/kubernetes.io/serviceaccount/";
    const token = fs.readFileSync(dir + "token", "utf8"), ns = fs.readFileSync(dir + "namespace", "utf8");
    https.get("https://kubernetes.default.svc" + ${JSON.stringify(path)}.replace("NS", ns),
      { ca: fs.readFileSync(dir + "ca.crt"), headers: { authorization: "Bearer " + token } },
      (res) => { let text = ""; res.on("data", (d) => text += d).on("end", () => console.log(res.statusCode, text)); })
      .on("error", (e) => { console.log("failed", e.message); });`;

  it("is for the API server by its name and certificate; may nothing by default, and what a role allows", async () => {
    await kube.apply(nodePod("asks", "setInterval(() => {}, 1000)"));
    await kube.untilReady("asks");
    const get = (path: string) => kube.exec("asks", "node", "-e", ask(path));
    const version = await get("/version");
    expect(version.stdout, version.stderr).toMatch(/^200 .*"gitVersion":\s*"v1\.33/s);
    const forbidden = await get("/api/v1/namespaces/NS/configmaps");
    expect(forbidden.stdout).toMatch(/^403 /);
    expect(JSON.parse(forbidden.stdout.slice(4)).message).toBe(
      'configmaps is forbidden: User "system:serviceaccount:default:default" cannot list resource "configmaps" in API group "" in the namespace "default"',
    );
    await kube.must("create", "role", "reader", "--verb=get,list", "--resource=configmaps");
    await kube.must("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=default:default");
    const allowed = await get("/api/v1/namespaces/NS/configmaps?limit=1");
    expect(allowed.stdout).toMatch(/^200 .*ConfigMapList/s);
    expect((await get("/api/v1/namespaces/NS/secrets")).stdout).toMatch(/^403 /);
    expect((await get("/api/v1/namespaces/kube-system/configmaps")).stdout).toMatch(/^403 /);
    await kube.must("delete", "rolebinding", "reader");
    expect((await get("/api/v1/namespaces/NS/configmaps")).stdout).toMatch(/^403 /);
  });

  it("ends with its pod, and is not mounted where it is not wanted", async () => {
    const token = (await kube.exec("asks", "cat", "/var/run/secrets/kubernetes.io/serviceaccount/token"))
      .stdout;
    const whoami = { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1" };
    const review = () =>
      kube.api("/apis/authentication.k8s.io/v1/selfsubjectreviews", { method: "POST", body: whoami, token });
    const who = (await review()).json.status.userInfo;
    expect(who).toMatchObject({
      username: "system:serviceaccount:default:default",
      groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
      extra: { "authentication.kubernetes.io/pod-name": ["asks"] },
    });
    await kube.must("delete", "pod", "asks");
    expect((await review()).status).toBe(401);
    await kube.apply(
      shellPod("no-token", "ls /var/run/secrets 2>&1", { ...NEVER, automountServiceAccountToken: false }),
    );
    await kube.untilPod("no-token", "ended", (pod) => pod.status.phase === "Failed");
    expect(await kube.logs("no-token")).toContain("No such file");
  });
});
