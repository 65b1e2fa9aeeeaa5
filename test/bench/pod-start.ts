import type { TestPlatform } from "../support/platform.ts";
import { type Figures, figuresOf } from "./median.ts";

const PODS = 15;

/** From the moment the API has the pod to the moment a watch shows it Running, one pod after the other, a local image. */
export async function benchPodStart(platform: TestPlatform): Promise<Figures> {
  const server = platform.status.api;
  const config = JSON.parse((await platform.kubectl("config", "view", "--raw", "-o", "json")).stdout);
  const { fetchJson, watchPod } = await apiClient(server, config);
  const times: number[] = [];
  for (let index = 0; index <= PODS; index++) {
    const name = `bench-${index}`;
    const running = watchPod(name);
    const startedAt = performance.now();
    await fetchJson("POST", "/api/v1/namespaces/default/pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [
          { name: "main", image: "busybox", imagePullPolicy: "IfNotPresent", command: ["sleep", "1000"] },
        ],
      },
    });
    await running;
    if (index > 0) times.push(performance.now() - startedAt);
    await fetchJson("DELETE", `/api/v1/namespaces/default/pods/${name}?gracePeriodSeconds=0`);
  }
  return figuresOf(times);
}

// biome-ignore lint/suspicious/noExplicitAny: a kubeconfig as JSON
async function apiClient(server: string, config: any) {
  const { request } = await import("node:https");
  const user = config.users[0].user;
  const tls = {
    ca: Buffer.from(config.clusters[0].cluster["certificate-authority-data"], "base64"),
    cert: Buffer.from(user["client-certificate-data"], "base64"),
    key: Buffer.from(user["client-key-data"], "base64"),
  };
  const fetchJson = (method: string, path: string, body?: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const message = request(
        `${server}${path}`,
        { ...tls, method, headers: { "content-type": "application/json" } },
        (response) => {
          response
            .resume()
            .on("end", () =>
              response.statusCode! < 300
                ? resolve()
                : reject(new Error(`${method} ${path}: ${response.statusCode}`)),
            );
        },
      );
      message.on("error", reject).end(body ? JSON.stringify(body) : undefined);
    });
  const watchPod = (name: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const path = `/api/v1/namespaces/default/pods?watch=true&fieldSelector=metadata.name%3D${name}`;
      const message = request(`${server}${path}`, { ...tls, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
          if (!/"phase":"Running"/.test(text)) return;
          message.destroy();
          resolve();
        });
      });
      message.on("error", reject).end();
    });
  return { fetchJson, watchPod };
}
