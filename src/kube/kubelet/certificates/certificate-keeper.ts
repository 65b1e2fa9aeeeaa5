import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { type Clock, errorMessage, type Logger, writeFileDurably } from "../../../base/index.ts";
import type { KubeClient } from "../../client/index.ts";
import { parsePrivateKey, readText } from "../../pki/index.ts";
import { type CertificateOrder, type IssuedCertificate, requestCertificate } from "./request-certificate.ts";

export interface CertificateKeeperOptions {
  /** The pair lies in `<dir>/<fileName>.crt` and `.key`. */
  dir: string;
  fileName: string;
  order: CertificateOrder;
  /** The cluster's authority, as PEM: what another one signed is none. */
  caPem: string;
  logger: Logger;
  clock: Clock;
}

/** Asked for anew when so much of its life is over, by chance more or less, so that not all nodes come at once (upstream's). */
const RENEW_AT = { least: 0.7, spread: 0.2 };
const RETRY_MS = 2000;
const RETRY_MOST_MS = 60_000;
const LONGEST_WAIT_MS = 24 * 3600_000;

/** One certificate of a node: kept on the disk, and renewed for as long as the node lives. */
export class CertificateKeeper {
  readonly #options: CertificateKeeperOptions;
  readonly #listeners = new Set<(pair: IssuedCertificate) => void>();
  #pair: IssuedCertificate | undefined;

  constructor(options: CertificateKeeperOptions) {
    this.#options = options;
  }

  /** What there is and still holds. */
  get current(): IssuedCertificate | undefined {
    return this.#pair && this.#isGood(this.#pair) ? this.#pair : undefined;
  }

  onRenewed(listener: (pair: IssuedCertificate) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads what the disk has. */
  async load(): Promise<void> {
    const { dir, fileName } = this.#options;
    const [certPem, keyPem] = await Promise.all(
      ["crt", "key"].map((end) => readText(join(dir, `${fileName}.${end}`))),
    );
    if (certPem !== undefined && keyPem !== undefined) this.#pair = { certPem, keyPem };
  }

  /** Asks for one, and keeps it. */
  async obtain(client: KubeClient, signal: AbortSignal): Promise<IssuedCertificate> {
    const { dir, fileName, order } = this.#options;
    const pair = await requestCertificate(client, order, signal);
    await writeFileDurably(join(dir, `${fileName}.key`), pair.keyPem, { mode: 0o600 });
    await writeFileDurably(join(dir, `${fileName}.crt`), pair.certPem, { mode: 0o644 });
    this.#pair = pair;
    for (const listener of this.#listeners) listener(pair);
    return pair;
  }

  /** Sees to it that there is one until the signal aborts. */
  async run(client: () => KubeClient, signal: AbortSignal): Promise<void> {
    const { clock, logger, fileName } = this.#options;
    let pauseMs = 0;
    while (!signal.aborted) {
      const waitMs = Math.max(this.#dueInMs(), pauseMs);
      if (waitMs > 0) await clock.sleep(Math.min(waitMs, LONGEST_WAIT_MS), signal).catch(() => {});
      if (signal.aborted) return;
      if (this.#dueInMs() > 0) continue;
      try {
        await this.obtain(client(), signal);
        pauseMs = 0;
      } catch (error) {
        pauseMs = Math.min(RETRY_MOST_MS, Math.max(RETRY_MS, pauseMs * 2));
        if (!signal.aborted)
          logger.warn("a certificate was not renewed, will retry", {
            certificate: fileName,
            error: errorMessage(error),
          });
      }
    }
  }

  #dueInMs(): number {
    const pair = this.current;
    if (!pair) return 0;
    const { validFromDate, validToDate, serialNumber } = new X509Certificate(pair.certPem);
    // The same chance for the same certificate.
    const chance = Number.parseInt(serialNumber.slice(-4), 16) / 0xffff;
    const lifeMs = validToDate.getTime() - validFromDate.getTime();
    const atMs = validFromDate.getTime() + lifeMs * (RENEW_AT.least + chance * RENEW_AT.spread);
    return Math.max(0, atMs - this.#options.clock.nowMs());
  }

  /** Signed by the cluster, for this subject and these names, with its key, and in force. */
  #isGood({ certPem, keyPem }: IssuedCertificate): boolean {
    const { order, caPem, clock } = this.#options;
    try {
      const certificate = new X509Certificate(certPem);
      const lines = certificate.subject.split("\n");
      return (
        certificate.verify(new X509Certificate(caPem).publicKey) &&
        certificate.checkPrivateKey(parsePrivateKey(keyPem)) &&
        lines.includes(`CN=${order.subject.commonName}`) &&
        (order.names ?? []).every((name) => certificate.checkHost(name) ?? certificate.checkIP(name)) &&
        // Not from when: this machine's clock may be behind, and it is the others' that count.
        certificate.validToDate.getTime() > clock.nowMs()
      );
    } catch {
      return false;
    }
  }
}
