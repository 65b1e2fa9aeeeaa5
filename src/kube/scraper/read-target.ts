import http from "node:http";
import https from "node:https";
import { type Clock, inTurns } from "../../base/index.ts";
import { type PrometheusSample, prometheusSamples } from "../../formats/index.ts";
import { fetchRemote } from "../../http/index.ts";
import type { ScrapeTarget } from "./scrape-target.ts";

export interface ReadLimits {
  timeoutMs: number;
  sizeBytes: number;
  /** Of one target. */
  samples: number;
}

/** What a target tells now. Throws why it tells nothing. */
export async function readTarget(
  { protocol, host, port, path }: ScrapeTarget,
  limits: ReadLimits,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<PrometheusSample[]> {
  const request = (protocol === "https:" ? https : http).request({
    protocol,
    host,
    port,
    path,
    method: "GET",
    agent: false,
    signal,
    // Nothing secret is sent, and no authority is known that pods' own certificates would be of.
    rejectUnauthorized: false,
    headers: { accept: "text/plain;version=0.0.4;q=0.9,*/*;q=0.1", "user-agent": "gantry-scraper" },
  });
  const { timeoutMs, sizeBytes } = limits;
  const { code, bytes } = await fetchRemote(request, { timeoutMs, limitBytes: sizeBytes, clock });
  if (code !== 200) throw new Error(`the answer is ${code}`);
  const samples: PrometheusSample[] = [];
  for await (const sample of inTurns(prometheusSamples(bytes.toString("utf8")))) {
    samples.push(sample);
    if (samples.length > limits.samples) throw new Error(`there are more than ${limits.samples} samples`);
  }
  return samples;
}
