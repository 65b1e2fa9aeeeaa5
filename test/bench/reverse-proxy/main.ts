import { type ChildProcess, execFile, spawn } from "node:child_process";
import { accessSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { silentLogger } from "../../../src/base/index.ts";
import { ReverseProxy } from "../../../src/reverse-proxy/index.ts";
import { ruleOf } from "../../../src/reverse-proxy/testing/running-proxy.ts";
import { freePort } from "../../support/platform.ts";
import { cpuTimeOf } from "../process-cpu.ts";

// `npm run bench reverse-proxy [-- --seconds 5 --rounds 3 --connections 64 --nginx PATH]`: requests a second through the proxy, through
// nginx with one worker where it is, and without either, in turn. Prints JSON.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    nginx: { type: "string", default: "/usr/sbin/nginx" },
  },
});
const node = ["--disable-warning=ExperimentalWarning"];
const script = (name: string) => join(import.meta.dirname, name);
const children: ChildProcess[] = [];
const dir = mkdtempSync(join(tmpdir(), "gantry-bench-proxy-"));

function start(command: string, args: readonly string[]): ChildProcess {
  const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  return child;
}

async function behind(): Promise<number> {
  const child = start(process.execPath, [...node, script("behind.ts")]);
  return new Promise((resolve) => child.stdout!.once("data", (text) => resolve(Number(text))));
}

interface Subject {
  port: number;
  /** CPU time so far, µs. */
  cpu(): number;
}

/** Undefined where there is none. */
async function nginx(path: string, target: number): Promise<Subject | undefined> {
  try {
    accessSync(path);
  } catch {
    return undefined;
  }
  const port = await freePort();
  const config = `daemon off; pid ${dir}/nginx.pid; error_log ${dir}/error.log; worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${dir}; proxy_temp_path ${dir}; fastcgi_temp_path ${dir}; uwsgi_temp_path ${dir}; scgi_temp_path ${dir};
  upstream behind { server 127.0.0.1:${target}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port}; keepalive_requests 1000000000;
    location / {
      proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Host $host; proxy_set_header X-Real-IP $remote_addr; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-ID $request_id;
    }
  }
}`;
  writeFileSync(join(dir, "nginx.conf"), config);
  const { pid } = start(path, ["-c", join(dir, "nginx.conf"), "-p", dir, "-e", join(dir, "error.log")]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const { stdout } = await promisify(execFile)("pgrep", ["-P", String(pid)]);
  const worker = Number(stdout.trim().split("\n")[0]);
  return { port, cpu: () => cpuTimeOf(worker).all };
}

async function gantry(target: number): Promise<Subject & { close(): Promise<void> }> {
  const proxy = new ReverseProxy({ logger: silentLogger });
  const port = await freePort();
  proxy.setBackend({ name: "web", protocol: "auto", endpoints: [{ address: "127.0.0.1", port: target }] });
  const isOpen = new Promise<void>((resolve) => {
    proxy.onListeners((reports) => {
      if (reports.some(({ error }) => error === undefined)) resolve();
    });
  });
  const rules = [ruleOf({ name: "other", path: "/other" }), ruleOf({ name: "all" })];
  proxy.setRoutes({
    listeners: [{ address: "127.0.0.1", port, protocol: "http", hosts: [{ host: "a.example", rules }] }],
  });
  await isOpen;
  return { port, cpu: () => cpuTimeOf(process.pid).all, close: () => proxy.close() };
}

async function measure({ port, cpu }: Subject) {
  const before = cpu();
  const flags = { port, connections: values.connections, seconds: values.seconds };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  const { stdout } = await promisify(execFile)(process.execPath, [...node, script("load.ts"), ...args]);
  const result = JSON.parse(stdout) as {
    requestsPerSecond: number;
    failures: number;
    ms: { p50: number; p99: number; max: number };
  };
  // The first second, which does not count, is asked for too.
  const requests = result.requestsPerSecond * (Number(values.seconds) + 1);
  return { ...result, cpuMicrosARequest: Math.round((cpu() - before) / requests) };
}

try {
  const target = await behind();
  const own = await gantry(target);
  const peer = await nginx(values.nginx, target);
  const rounds: object[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const direct = await measure({ port: target, cpu: () => 0 });
    rounds.push({ direct, gantry: await measure(own), nginx: peer ? await measure(peer) : "not installed" });
  }
  process.stdout.write(`${JSON.stringify(rounds, null, 2)}\n`);
  await own.close();
} finally {
  for (const child of children) child.kill();
  rmSync(dir, { recursive: true, force: true });
}
