import { Agent, request } from "node:http";

export interface LoadReport {
  requests: number;
  failures: string[];
  /** Version -> answers. */
  versions: Record<string, number>;
  hosts: Set<string>;
}

/** A client that asks without pause, half on kept-alive connections and half on new ones, until told to stop. */
export class ClientLoad {
  readonly #url: string;
  readonly #report: LoadReport = { requests: 0, failures: [], versions: {}, hosts: new Set() };
  readonly #workers: Promise<void>[];
  #stopping = false;

  constructor(url: string) {
    this.#url = url;
    const keptAlive = new Agent({ keepAlive: true, maxSockets: 1 });
    const another = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#workers = [
      this.#work(keptAlive),
      this.#work(another),
      this.#work(undefined),
      this.#work(undefined),
    ];
  }

  async stop(): Promise<LoadReport> {
    this.#stopping = true;
    await Promise.all(this.#workers);
    return this.#report;
  }

  async #work(agent: Agent | undefined): Promise<void> {
    while (!this.#stopping) {
      try {
        const answer = await ask(this.#url, agent);
        this.#report.versions[answer.version] = (this.#report.versions[answer.version] ?? 0) + 1;
        this.#report.hosts.add(answer.host);
      } catch (error) {
        this.#report.failures.push(
          `${agent ? "kept-alive" : "new"} connection: ${error instanceof Error ? error.message : error}`,
        );
      }
      this.#report.requests++;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    agent?.destroy();
  }
}

/** One GET that must be answered with 200 and the example service's JSON; it is never asked again. */
export function ask(url: string, agent?: Agent): Promise<{ service: string; version: string; host: string }> {
  return new Promise((resolve, reject) => {
    const message = request(url, { agent: agent ?? false, timeout: 5_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.on("end", () => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
        else resolve(JSON.parse(text));
      });
      response.on("error", reject);
    });
    message.on("timeout", () => message.destroy(new Error("no answer within 5 s")));
    message.on("error", reject);
    message.end();
  });
}
