import { expect, it } from "vitest";
import type { PlatformStatus } from "./control-client.ts";
import { addressRows, summaryText } from "./summary.ts";

const status = (...running: string[]): PlatformStatus => ({
  version: "1",
  pid: 7,
  role: "up",
  home: "/h",
  state: "ready",
  uptimeSeconds: 1,
  dockerSocket: "/h/docker.sock",
  kubeconfig: "/h/kubeconfig",
  api: "https://127.0.0.1:6443",
  registry: "127.0.0.1:5000",
  node: "n",
  containers: { running: 0, total: 0 },
  memoryBytes: 0,
  escapedErrors: 0,
  services: running.map((name, n) => ({ name, readyAfterMs: n * 100 })),
});

it("tells where all parts are", () => {
  expect(
    summaryText(status("docker-api", "apiserver", "registry")),
  ).toBe(`Gantry 1 is ready after 0.2 s (process 7, home /h)

  Docker socket   unix:///h/docker.sock
  Kubernetes API  https://127.0.0.1:6443
  kubeconfig      /h/kubeconfig
  Registry        127.0.0.1:5000

  export DOCKER_HOST=unix:///h/docker.sock
  export KUBECONFIG=/h/kubeconfig

`);
});

it.each([
  [["apiserver"], ["Kubernetes API", "kubeconfig"]],
  [
    ["docker-api", "registry"],
    ["Docker socket", "Registry"],
  ],
])("names only what runs: %j", (running, names) => {
  expect(addressRows(status(...running)).map(([name]) => name)).toEqual(names);
});

it("exports nothing that is not there", () => {
  const text = summaryText(status("apiserver"));
  expect(text).toContain("export KUBECONFIG=");
  expect(text).not.toContain("DOCKER_HOST");
});
