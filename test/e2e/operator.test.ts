import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Kube } from "../support/kube.ts";
import { kubectlBinary, repository, startPlatform, type TestPlatform } from "../support/platform.ts";
import { run } from "../support/run.ts";
import { Walkthrough } from "../support/walkthrough.ts";

const REGISTRY = "127.0.0.1:5000";

let platform: TestPlatform;
let kube: Kube;
let readme: Walkthrough;
const root = mkdtempSync(join(tmpdir(), "gantry-operator-"));

beforeAll(async () => {
  platform = await startPlatform();
  kube = new Kube(platform);
  copyExample();
  // The tests' kubectl under the name that people type.
  symlinkSync(kubectlBinary(), join(root, "kubectl"));
  const env = { ...platform.env, PATH: `${root}:${dirname(process.execPath)}:${process.env.PATH}` };
  const options = { cwd: root, env, timeoutMs: 180_000 };
  const toRegistry = (command: string) => command.replaceAll(REGISTRY, platform.registry);
  readme = new Walkthrough(join(root, "examples/operator/README.md"), options, toRegistry);
});
afterAll(async () => {
  // Killed first, for nobody waits here for containers to end well.
  await platform?.kill();
  await platform?.reset();
  rmSync(root, { recursive: true });
});

/** The examples as in a clone, with the platform's registry in the manifests. */
function copyExample(): void {
  const example = join(root, "examples/operator");
  cpSync(join(repository, "examples/operator"), example, { recursive: true });
  symlinkSync(join(repository, "examples/base-images"), join(root, "examples/base-images"));
  for (const name of readdirSync(join(example, "manifests"))) {
    const path = join(example, "manifests", name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(REGISTRY, platform.registry));
  }
}

const site = (name: string) => kube.get(`web.example.com/v1 sites/${name}`);

it("is built, gets its certificate, and is ready", { timeout: 240_000 }, async () => {
  const printed = (await readme.must("Install")).join("");
  expect(printed).toContain('deployment "site-operator" successfully rolled out');
  expect(printed).toContain(
    "customresourcedefinition.apiextensions.k8s.io/sites.web.example.com condition met",
  );
});

it("completes a site and makes what it consists of", async () => {
  const [applied, , shown, , children] = await readme.run("Declare a site");
  expect([applied!.stdout, applied!.stderr]).toEqual([
    "site.web.example.com/hello created\n",
    "Warning: a site with one replica is away while it is updated\n",
  ]);
  expect(shown!.stdout).toMatch(
    /^NAME +REPLICAS +READY +EXPOSURE +ADDRESS +AGE\nhello +1 +1 +internal +10\.\d+\.\d+\.\d+ +\d+s\n$/,
  );
  const { metadata, spec, status } = await site("hello");
  expect(metadata.annotations["web.example.com/created-by"]).toBe("kubernetes-admin");
  expect(spec).toEqual({
    replicas: 1,
    exposure: "internal",
    page: { title: "hello", text: "Hello from a custom resource." },
  });
  expect(status).toMatchObject({
    observedGeneration: 1,
    replicas: 1,
    readyReplicas: 1,
    conditions: [{ type: "Ready", status: "True", message: "1 of 1 replicas are ready" }],
  });
  for (const child of ["configmap/hello-site", "deployment.apps/hello-site", "service/hello-site"])
    expect(children!.stdout).toContain(child);
});

it("refuses by rules, schema and webhook, each in its words", async () => {
  const results = await readme.run("What is refused");
  expect(results.map(({ code, stderr }) => [code, stderr])).toEqual([
    [1, 'The Site "hello" is invalid: spec.page.text: Invalid value: "object": must say something\n'],
    [
      1,
      'The Site "hello" is invalid: spec.exposure: Invalid value: "string": the exposure of a site cannot be changed\n',
    ],
    [
      1,
      'The Site "hello" is invalid: spec.replicas: Invalid value: 11: spec.replicas in body should be less than or equal to 10\n',
    ],
    [
      1,
      'Error from server: admission webhook "validate.sites.web.example.com" denied the request: spec.page.text: scripts are not allowed\n',
    ],
  ]);
});

it("has two versions of the same objects", async () => {
  const [applied, asV1, asBeta, , page] = await readme.run("Two versions");
  expect(applied!.stderr).toBe(
    "Warning: web.example.com/v1beta1 Site is deprecated; use web.example.com/v1 Site\n",
  );
  expect(JSON.parse(asV1!.stdout)).toEqual({
    replicas: 2,
    exposure: "public",
    page: { title: "older", text: "Declared in the words of the older version." },
  });
  expect(JSON.parse(asBeta!.stdout)).toEqual({
    instances: 1,
    public: false,
    title: "hello",
    text: "Hello from a custom resource.",
  });
  expect(page!.stdout).toContain("<h1>older</h1><p>Declared in the words of the older version.</p>");
  const found = await kube.must("get", "sites", "--field-selector=spec.exposure=public", "-o", "name");
  expect(found).toBe("site.web.example.com/older\n");
});

it("follows the site, and sets right what others change", async () => {
  await readme.must("Change it");
  await kube.must(
    "patch",
    "site",
    "hello",
    "--type=merge",
    "-p",
    '{"spec":{"page":{"text":"Another text."}}}',
  );
  await eventually("the new page is served", async () => {
    const { status } = await site("hello");
    const answer = await run("curl", ["-s", "--max-time", "2", `http://${status.address}/`]);
    return status.conditions[0].status === "True" && answer.stdout.includes("Another text.");
  });
});

it("is led by another when its leader goes", async () => {
  const operator = await kube.in("site-operator");
  const holder = async () =>
    (await operator.get("coordination.k8s.io/v1 leases/site-operator")).spec.holderIdentity;
  const first = await holder();
  await operator.must("delete", "pod", first);
  await eventually("another one leads", async () => ![first, ""].includes(await holder()));
  await kube.must("scale", "site", "hello", "--replicas=2");
  await kube.must("wait", "--for=jsonpath={.status.replicas}=2", "site/hello", "--timeout=30s");
});

it("takes everything along when it goes", async () => {
  const results = await readme.run("Take it away");
  expect(results[1]!.stderr).toBe(
    'Error from server: admission webhook "validate.sites.web.example.com" denied the request: the site is to be kept: take off the annotation web.example.com/keep first\n',
  );
  expect(results.map(({ code, stderr }) => [code, code === 0 ? "" : stderr])).toEqual(
    results.map(() => [0, ""]),
  );
  const left = await kube.must(
    "get",
    "configmap,deployment,service",
    "-l",
    "web.example.com/site",
    "-o",
    "name",
  );
  expect(left).toBe("");
  expect((await kube.api("/apis/web.example.com/v1")).status).toBe(404);
  expect((await kube.api("/api/v1/namespaces/site-operator")).status).toBe(404);
});
