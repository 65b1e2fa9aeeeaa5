import https from "node:https";
import { parentPort, workerData } from "node:worker_threads";
import { gunzipSync } from "node:zlib";

/** One client of the bench, in a thread of its own: takes gzip as Go's clients do, and keeps only the next page's token. */
export interface ListClientData {
  url: string;
  ca: string;
  cert: string;
  key: string;
  path: string;
  accept: string;
  /** Goes through all pages; otherwise what comes is dropped. */
  pages?: boolean;
  /** How many ask the same at once. */
  clients?: number;
}

const { url, ca, cert, key, path, accept, pages, clients = 1 } = workerData as ListClientData;
const agent = new https.Agent({ keepAlive: true, ca, cert, key });
const headers = { accept, ...(pages ? { "accept-encoding": "gzip" } : {}) };

function get(target: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const request = https.get(url + target, { agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => pages && chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode !== 200) return reject(new Error(`answer ${response.statusCode}`));
        const bytes = Buffer.concat(chunks);
        const text = response.headers["content-encoding"] ? gunzipSync(bytes) : bytes;
        resolve(/eyJ2Ijoi[\w-]+/.exec(text.toString("latin1"))?.[0]);
      });
    });
    request.on("error", reject);
  });
}

async function getAll(): Promise<void> {
  let next = await get(path);
  while (pages && next) next = await get(`${path}&continue=${next}`);
}

Promise.all(Array.from({ length: clients }, getAll)).then(
  () => parentPort!.postMessage(""),
  (error) => parentPort!.postMessage(String(error)),
);
