import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newHexId, silentLogger } from "../../../base/index.ts";
import {
  holdPort,
  inNetworkNamespace,
  openTcpInNamespace,
  pinNamespaces,
  unpinNamespaces,
} from "../../../kernel/index.ts";
import { BridgeNetworks, type PodNetwork } from "../../../network/index.ts";

const WAIT_MS = 300;

export interface TestPod {
  name: string;
  namespace: string;
  ip: string;
  netns: string;
}

/** Pods without containers on a pods' network of the kernel: network namespaces with servers on TCP 80 and 81, and UDP 80. */
export class TestPods {
  readonly instanceId = randomBytes(3).toString("hex");
  readonly #dir = mkdtempSync(join(tmpdir(), "gantry-netpol-"));
  readonly #networks = new BridgeNetworks({
    stateDir: join(this.#dir, "network"),
    instanceId: this.instanceId,
    logger: silentLogger,
  });
  readonly #closers: (() => void)[] = [];
  network!: PodNetwork;

  async open(): Promise<void> {
    await this.#networks.open();
    this.network = await this.#networks.openPodNetwork();
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) close();
    await this.#networks.destroy();
    rmSync(this.#dir, { recursive: true });
  }

  async start(name: string, namespace = "x"): Promise<TestPod> {
    const path = join(this.#dir, "ns", `${namespace}-${name}`);
    const { net } = pinNamespaces(path, ["net"]);
    this.#closers.push(() => unpinNamespaces(path));
    const { ip } = await this.#networks.attach({
      network: this.network.networkName,
      containerId: newHexId(),
      containerName: name,
      netnsPath: net,
    });
    for (const port of [80, 81]) this.#serveTcp(net, port);
    await this.#serveUdp(net, 80);
    return { name, namespace, ip, netns: net };
  }

  /** Says back what it hears. */
  #serveTcp(netns: string, port: number): void {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.pipe(socket);
    });
    server.listen({ fd: inNetworkNamespace(netns, () => holdPort("tcp", "0.0.0.0", port)).fd });
    this.#closers.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
  }

  async #serveUdp(netns: string, port: number): Promise<void> {
    const socket = await udpIn(netns, port);
    socket.on("message", (text, from) => socket.send(text, from.port, from.address));
    this.#closers.push(() => socket.close());
  }

  /** Whether a new connection comes about. */
  async reaches(from: TestPod, to: TestPod | string, port = 80): Promise<boolean> {
    const opening = openTcpInNamespace(from.netns, port, typeof to === "string" ? to : to.ip);
    return isDone(
      opening.then((socket) => {
        socket.on("error", () => {});
        socket.destroy();
      }),
    );
  }

  /** Opens connections as fast as the servers here take them up, by a process of its own in the pod, until it is told to stop; how many came about and did not. */
  knock(from: TestPod, to: TestPod, port = 80): () => Promise<{ open: number; failed: number }> {
    const program = `
      const { connect } = require("node:net");
      const result = { open: 0, failed: 0 };
      let isOver = false;
      process.stdin.on("data", () => { isOver = true; });
      const once = () => new Promise((resolve) => {
        const socket = connect({ host: "${to.ip}", port: ${port}, timeout: 900 });
        const end = (what) => { result[what]++; socket.destroy(); resolve(); };
        socket.on("connect", () => { socket.resetAndDestroy(); end("open"); }).on("error", () => end("failed")).on("timeout", () => end("failed"));
      });
      const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
      const work = async () => { while (!isOver) { await once(); await pause(); } };
      Promise.all([work(), work(), work()]).then(() => { console.log(JSON.stringify(result)); process.exit(); });`;
    const child = spawn("nsenter", [`--net=${from.netns}`, process.execPath, "-e", program], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#closers.push(() => child.kill("SIGKILL"));
    return async () => {
      child.stdin.write("stop");
      let text = "";
      for await (const part of child.stdout) text += part;
      return JSON.parse(text);
    };
  }

  async connect(from: TestPod, to: TestPod, port = 80): Promise<OpenConnection> {
    const socket = await openTcpInNamespace(from.netns, port, to.ip);
    this.#closers.push(() => socket.destroy());
    return new OpenConnection(socket);
  }

  /** A socket that goes on being used: to connection tracking its questions are one connection. */
  async udp(from: TestPod): Promise<(to: TestPod) => Promise<boolean>> {
    const socket = await udpIn(from.netns, 0);
    this.#closers.push(() => socket.close());
    return async ({ ip }) => {
      const answered = new Promise<void>((resolve) => socket.once("message", () => resolve()));
      socket.send("x", 80, ip);
      return isDone(answered);
    };
  }
}

export class OpenConnection {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("error", () => {});
  }

  /** Whether what is said comes back. */
  async answers(): Promise<boolean> {
    const answered = new Promise<void>((resolve) => this.#socket.once("data", () => resolve()));
    this.#socket.write("x");
    return isDone(answered);
  }
}

async function udpIn(netns: string, port: number): Promise<UdpSocket> {
  const { fd } = inNetworkNamespace(netns, () => holdPort("udp", "0.0.0.0", port));
  const socket = createSocket("udp4");
  socket.on("error", () => {});
  await new Promise<void>((resolve) => socket.bind({ fd }, resolve));
  return socket;
}

async function isDone(work: Promise<unknown>): Promise<boolean> {
  const late = Symbol("late");
  const timeout = new Promise((resolve) => setTimeout(resolve, WAIT_MS, late));
  return (await Promise.race([work.catch(() => late), timeout])) !== late;
}
