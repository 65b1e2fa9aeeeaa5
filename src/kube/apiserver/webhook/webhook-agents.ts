import { createHash } from "node:crypto";
import https from "node:https";
import { isIP } from "node:net";
import { rootCertificates } from "node:tls";

const MAX_AGENTS = 100;

/** Connections to webhooks, kept for all calls with the same authority and the same name. */
export class WebhookAgents {
  readonly #agents = new Map<string, https.Agent>();

  /** `caBundle` is PEM in base64; empty: the authorities that Node.js knows. */
  agentFor(caBundle: string, serverName: string): https.Agent {
    const key = createHash("sha256").update(`${serverName}\n${caBundle}`).digest("hex");
    const known = this.#agents.get(key);
    if (known) return known;
    const ca = caBundle === "" ? [...rootCertificates] : Buffer.from(caBundle, "base64").toString("utf8");
    // An address is no name to be asked for (RFC 6066 §3): the certificate is held to where the connection goes.
    const named = isIP(serverName) ? {} : { servername: serverName };
    const agent = new https.Agent({ keepAlive: true, ca, ...named, maxFreeSockets: 4 });
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
