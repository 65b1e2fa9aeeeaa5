import { createHash } from "node:crypto";
import https from "node:https";
import { isIP } from "node:net";
import { rootCertificates } from "node:tls";
import type { KeyPair } from "../certificates.ts";

const MAX_AGENTS = 100;

export interface AgentOptions {
  /** PEM in base64; empty: the authorities that Node.js knows. */
  caBundle: string;
  /** Empty: none is asked for. */
  serverName: string;
  /** Whether the server must be of these authorities; absent: it must. */
  isVerified?: boolean;
  /** By which the server knows this one. Connections that show it are not kept. */
  client?: KeyPair;
}

/** Connections to webhooks and other API servers, kept for all calls with the same authority and the same name. */
export class TlsAgents {
  readonly #agents = new Map<string, https.Agent>();

  agentFor(options: AgentOptions): https.Agent {
    const { caBundle, serverName, isVerified = true, client } = options;
    const parts = [serverName, isVerified, client?.certPem, caBundle].join("\n");
    const key = createHash("sha256").update(parts).digest("hex");
    const known = this.#agents.get(key);
    if (known) return known;
    const ca = caBundle === "" ? [...rootCertificates] : Buffer.from(caBundle, "base64").toString("utf8");
    const agent = new https.Agent({
      // What is passed on may not be safe to send twice, and a kept connection may just be closing.
      keepAlive: client === undefined,
      ca,
      // An address is no name to be asked for (RFC 6066 §3): the certificate is held to where the connection goes.
      ...(isIP(serverName) ? {} : { servername: serverName }),
      rejectUnauthorized: isVerified,
      maxFreeSockets: 4,
      ...(client ? { cert: client.certPem, key: client.keyPem } : {}),
    });
    const [oldest] = this.#agents.keys();
    if (this.#agents.size >= MAX_AGENTS && oldest !== undefined) this.#drop(oldest);
    this.#agents.set(key, agent);
    return agent;
  }

  close(): void {
    for (const key of [...this.#agents.keys()]) this.#drop(key);
  }

  #drop(key: string): void {
    this.#agents.get(key)?.destroy();
    this.#agents.delete(key);
  }
}
