import https from "node:https";
import { type ActualAnswer, bytesOf, parsed } from "./recorded-answers.ts";
import type { TestServer } from "./start-test-server.ts";

const JSON_BODY: Record<string, string | null> = { "Content-Type": "application/json" };

/** `null` stands for a header that is not sent. */
export interface SentRequest {
  headers?: Record<string, string | null> | null;
  body?: string | null;
}

/** Sends requests as administrator over one connection, one after the other. */
export async function requestSender(server: TestServer) {
  const { certPem, keyPem } = await server.certificates.client("admin", {
    commonName: "admin",
    organizations: ["system:masters"],
  });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const proof = { ca: server.certificates.caPem, cert: certPem, key: keyPem, agent };
  return (method: string, path: string, { headers, body }: SentRequest = {}): Promise<ActualAnswer> => {
    const bytes = typeof body === "string" ? bytesOf(body) : undefined;
    // Node leaves the length out with DELETE.
    const ofBody = bytes ? { ...JSON_BODY, "Content-Length": String(bytes.length) } : {};
    const wanted: NonNullable<SentRequest["headers"]> = { ...ofBody, ...headers };
    const sent = Object.entries(wanted).filter((entry): entry is [string, string] => entry[1] !== null);
    return new Promise((resolve, reject) => {
      const options = { method, ...proof, headers: Object.fromEntries(sent) };
      const request = https.request(`${server.url}${path}`, options, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const warning = response.headers.warning as string | string[] | undefined;
          const warnings =
            warning === undefined
              ? []
              : [warning]
                  .flat()
                  .join(", ")
                  .split(/, (?=299 )/);
          const json = parsed(Buffer.concat(chunks).toString("utf8"));
          resolve({ code: response.statusCode!, warnings, json });
        });
      });
      request.on("error", reject);
      request.end(bytes);
    });
  };
}
