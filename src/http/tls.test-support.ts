import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Identity {
  cert: string;
  key: string;
}

/** A key and a certificate, signed by an authority or by itself. */
export function issue(subject: string, authority?: Identity): Identity {
  const dir = mkdtempSync(join(tmpdir(), "gantry-tls-"));
  const file = (name: string) => join(dir, name);
  try {
    const args = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "1",
    ];
    args.push("-subj", subject, "-keyout", file("key"), "-out", file("cert"));
    if (authority) {
      writeFileSync(file("ca.key"), authority.key);
      writeFileSync(file("ca.cert"), authority.cert);
      args.push(
        "-CA",
        file("ca.cert"),
        "-CAkey",
        file("ca.key"),
        "-addext",
        "basicConstraints=critical,CA:FALSE",
      );
      args.push("-addext", "subjectAltName=IP:127.0.0.1");
    }
    execFileSync("openssl", args, { stdio: "pipe" });
    return { cert: readFileSync(file("cert"), "utf8"), key: readFileSync(file("key"), "utf8") };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
