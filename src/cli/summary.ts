import type { PlatformStatus } from "./control-client.ts";

/** What a person wants to know after `up`. */
export function summaryText(status: PlatformStatus): string {
  const seconds =
    status.services.reduce((most, service) => Math.max(most, service.readyAfterMs ?? 0), 0) / 1000;
  return `Gantry ${status.version} is ${status.state}${status.state === "ready" ? ` after ${seconds.toFixed(1)} s` : ""} (process ${status.pid}, home ${status.home})

  Docker socket   unix://${status.dockerSocket}
  Kubernetes API  ${status.api}
  kubeconfig      ${status.kubeconfig}
  Registry        ${status.registry}

  export DOCKER_HOST=unix://${status.dockerSocket}
  export KUBECONFIG=${status.kubeconfig}

`;
}
