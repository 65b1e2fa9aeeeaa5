import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface OpensslRequest {
  /** PEM. */
  request: string;
  key: string;
}

/** The real openssl, with a folder of its own. */
export class Openssl {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open(): Promise<Openssl> {
    return new Openssl(await mkdtemp(join(tmpdir(), "gantry-openssl-")));
  }

  /** A request with a new key: `/O=devs/CN=bob`, `DNS:a,IP:192.0.2.1`, `rsa:2048`. */
  async request(subject: string, { names = "", key = "ec" } = {}): Promise<OpensslRequest> {
    const [keyFile, file] = [join(this.#dir, "key"), join(this.#dir, "request")];
    const kind = key === "ec" ? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] : [key];
    const extensions = names === "" ? [] : ["-addext", `subjectAltName=${names}`];
    const common = ["-nodes", "-utf8", "-subj", subject, "-keyout", keyFile, "-out", file];
    await run("openssl", ["req", "-new", "-newkey", ...kind, ...common, ...extensions]);
    const [request, own] = await Promise.all([readFile(file, "utf8"), readFile(keyFile, "utf8")]);
    return { request, key: own };
  }

  /** What it says of a certificate: `-subject`, `-ext keyUsage`. */
  async describe(certificate: string, ...what: string[]): Promise<string> {
    const file = join(this.#dir, "certificate");
    await writeFile(file, certificate);
    const { stdout } = await run("openssl", ["x509", "-noout", "-in", file, ...what]);
    return stdout;
  }

  /** Throws unless the authority vouches for the certificate, strictly after RFC 5280. */
  async verify(certificate: string, ca: string): Promise<void> {
    const [file, caFile] = [join(this.#dir, "certificate"), join(this.#dir, "ca")];
    await Promise.all([writeFile(file, certificate), writeFile(caFile, ca)]);
    await run("openssl", ["verify", "-x509_strict", "-CAfile", caFile, file]);
  }

  close(): Promise<void> {
    return rm(this.#dir, { recursive: true, force: true });
  }
}
