import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeBaseImages } from "../../examples/base-images/make.mjs";
import { kubectlBinary, startPlatform, type TestPlatform } from "../support/platform.ts";
import { type RunResult, run } from "../support/run.ts";
import { Terminal } from "../support/terminal.ts";

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: shell
  labels: { app: shell }
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: busybox
      imagePullPolicy: IfNotPresent
      command: ["sh", "-c", "echo started; while :; do printf 'HTTP/1.0 200 OK\\r\\n\\r\\nhello\\n' | nc -l -p 8080; done"]
      ports: [{ containerPort: 8080 }]
`;

let platform: TestPlatform;
const dir = mkdtempSync(join(tmpdir(), "gantry-kubectl-"));
const manifest = join(dir, "pod.yaml");

beforeAll(async () => {
  writeFileSync(manifest, POD);
  platform = await startPlatform();
  makeBaseImages(["busybox"], platform.env);
});
afterAll(async () => {
  await platform.reset();
  rmSync(dir, { recursive: true });
});

describe.each(["1.27", "1.28", "1.29", "1.30", "1.31", "1.32", "1.33"])("kubectl %s", (minor) => {
  const namespace = `v${minor.replace(".", "-")}`;
  const kubectl = (...args: string[]): Promise<RunResult> =>
    run(kubectlBinary(minor), ["-n", namespace, ...args], { env: platform.env, timeoutMs: 60_000 });

  it("applies, looks, explains, patches, waits", async () => {
    expect((await kubectl("create", "namespace", namespace)).stdout).toBe(`namespace/${namespace} created\n`);
    expect((await kubectl("apply", "-f", manifest)).stdout).toBe("pod/shell created\n");
    expect((await kubectl("apply", "-f", manifest)).stdout).toBe("pod/shell unchanged\n");
    const waited = await kubectl("wait", "--for=condition=Ready", "pod/shell", "--timeout=30s");
    expect(waited.stdout, waited.stderr).toBe("pod/shell condition met\n");
    expect((await kubectl("get", "pods", "-o", "wide")).stdout).toMatch(
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\nshell +1\/1 +Running +0 +/,
    );
    expect((await kubectl("get", "pod", "shell", "-o", "yaml")).stdout).toContain("kind: Pod");
    const explain = await kubectl("explain", "pod.spec.containers.image");
    expect(explain.stdout, explain.stderr).toMatch(/image.*<string>/s);
    expect((await kubectl("label", "pod", "shell", "tier=test")).stdout).toMatch(/pod\/shell labeled/);
    expect(
      (await kubectl("patch", "pod", "shell", "-p", '{"metadata":{"annotations":{"a":"b"}}}')).stdout,
    ).toContain("pod/shell patched");
    expect((await kubectl("describe", "pod", "shell")).stdout).toMatch(/Labels: +app=shell\n +tier=test/);
    expect((await kubectl("api-resources")).stdout).toMatch(
      /deployments +deploy +apps\/v1 +true +Deployment/,
    );
    expect((await kubectl("auth", "can-i", "create", "pods")).stdout).toBe("yes\n");
  });

  it("reads logs, runs commands, forwards a port", async () => {
    expect((await kubectl("logs", "shell")).stdout).toContain("started\n");
    const exec = await kubectl("exec", "shell", "--", "sh", "-c", "echo out; echo err >&2; exit 6");
    expect([exec.stdout, exec.code]).toEqual(["out\n", 6]);
    expect(exec.stderr).toContain("err\n");
    const terminal = new Terminal(
      kubectlBinary(minor),
      ["-n", namespace, "exec", "-it", "shell", "--", "sh"],
      platform.env,
      { columns: 73, rows: 19 },
    );
    await terminal.waitFor(/# /);
    terminal.write("stty size; exit 5\n");
    await terminal.waitFor(/19 73/);
    expect(await terminal.exit()).toBe(5);
    const piped = await run(kubectlBinary(minor), ["-n", namespace, "exec", "-i", "shell", "--", "cat"], {
      env: platform.env,
      input: "through\n",
    });
    expect(piped.stdout).toBe("through\n");
    const forward = new Terminal(
      kubectlBinary(minor),
      ["-n", namespace, "port-forward", "pod/shell", ":8080"],
      platform.env,
    );
    const [, port] = await forward.waitFor(/Forwarding from 127\.0\.0\.1:(\d+)/);
    const answer = await run("curl", ["-s", "--max-time", "10", `http://127.0.0.1:${port}/`]);
    expect(answer.stdout).toBe("hello\n");
    await forward.close();
  });

  it("prints upstream's refusals", async () => {
    expect((await kubectl("get", "pod", "nobody")).stderr).toBe(
      'Error from server (NotFound): pods "nobody" not found\n',
    );
    expect((await kubectl("create", "namespace", namespace)).stderr).toBe(
      `Error from server (AlreadyExists): namespaces "${namespace}" already exists\n`,
    );
    const wrong = await run(kubectlBinary(minor), ["-n", namespace, "apply", "-f", "-"], {
      env: platform.env,
      input: POD.replace("containers:", "contaners:"),
    });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/unknown field "spec\.contaners"/);
    const deleted = await kubectl("delete", "namespace", namespace, "--timeout=40s");
    expect(deleted.stdout, deleted.stderr).toBe(`namespace "${namespace}" deleted\n`);
  });
});
