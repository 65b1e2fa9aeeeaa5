import type { PlatformStatus } from "./control-client.ts";

/** Where the parts of the program are reached: those that run. */
export function addressRows(status: PlatformStatus): [name: string, value: string][] {
  const ofDocker: [string, string][] = [["Docker socket", `unix://${status.dockerSocket}`]];
  const ofApiServer: [string, string][] = [
    ["Kubernetes API", status.api],
    ["kubeconfig", status.kubeconfig],
  ];
  const ofServer: [string, string][] = [["Server", status.api]];
  const ofRegistry: [string, string][] = [["Registry", status.registry]];
  return [
    ...(runs(status, "docker-api") ? ofDocker : []),
    ...(runs(status, "apiserver") ? ofApiServer : []),
    ...(status.role === "agent" ? ofServer : []),
    ...(runs(status, "registry") ? ofRegistry : []),
  ];
}

/** What a person wants to know after `up`. */
export function summaryText(status: PlatformStatus): string {
  const seconds =
    status.services.reduce((most, service) => Math.max(most, service.readyAfterMs ?? 0), 0) / 1000;
  const after = status.state === "ready" ? ` after ${seconds.toFixed(1)} s` : "";
  const rows = addressRows(status).map(([name, value]) => `  ${name.padEnd(16)}${value}\n`);
  const exports = [
    ...(runs(status, "docker-api") ? [`  export DOCKER_HOST=unix://${status.dockerSocket}\n`] : []),
    ...(runs(status, "apiserver") ? [`  export KUBECONFIG=${status.kubeconfig}\n`] : []),
  ];
  const head = `Gantry ${status.version} is ${status.state}${after} (process ${status.pid}, home ${status.home})\n`;
  return `${head}\n${rows.join("")}\n${exports.join("")}\n`;
}

export function runs({ services }: PlatformStatus, name: string): boolean {
  return services.some((service) => service.name === name);
}
