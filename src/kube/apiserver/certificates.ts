import { createHash, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, errorMessage, GantryError, systemClock, writeFileDurably } from "../../base/index.ts";
import {
  type CertificateOrder,
  distinguishedName,
  generateKey,
  issueCertificate,
  parsePrivateKey,
  privateKeyPem,
  readText,
  type Subject,
  signRequest,
} from "../pki/index.ts";

export interface CertificatesOptions {
  /** `<home>/pki` */
  pkiDir: string;
  /** DNS names and addresses under which the API is reached, besides localhost and `kubernetes.default…`. */
  names?: readonly string[];
  /** Address of the `kubernetes` Service: the first of the service range. */
  serviceAddress: string;
  /** `cluster.local` */
  clusterDomain?: string;
  clock?: Clock;
}

export interface KeyPair {
  certPem: string;
  keyPem: string;
}

/** What the API server signs service-account tokens with. */
export interface TokenSigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** `kid` of the tokens: the base64url SHA-256 of the public key, as upstream. */
  keyId: string;
}

/** How this server proves to others to which it passes requests on that it may say who sends them. */
export interface FrontProxy {
  /** PEM of the authority that signs nothing but such clients. */
  caPem: string;
  client: KeyPair;
}

/** Certifies what others ask for; who may have what is for its caller to know. */
export interface CertificateAuthority {
  /** Until when its own certificate holds. */
  readonly notAfterMs: number;
  /** A certificate as PEM. Throws InvalidArgument where the request is not signed by its key. */
  issue(order: CertificateOrder): string;
}

export interface Certificates {
  /** PEM of the authority that signs servers and clients. */
  readonly caPem: string;
  readonly authority: CertificateAuthority;
  readonly server: KeyPair;
  readonly tokenSigningKey: TokenSigningKey;
  readonly frontProxy: FrontProxy;
  /** As whom the API server asks kubelets. */
  readonly kubeletClient: KeyPair;
  /** A client's certificate, kept in `<pki>/<fileName>.crt` and `.key`: the same one at each call until it is about to expire. */
  client(fileName: string, subject: Subject): Promise<KeyPair>;
  /** A server certificate for another part of the program (registry, kubelet), kept in the same way. */
  serverFor(fileName: string, commonName: string, names: readonly string[]): Promise<KeyPair>;
}

export function tokenSigningKey(privateKey: KeyObject): TokenSigningKey {
  return { privateKey, ...verificationKey(createPublicKey(privateKey)) };
}

/** A public key with its id (serviceaccount.keyIDFromPublicKey). */
export function verificationKey(publicKey: KeyObject): { publicKey: KeyObject; keyId: string } {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { publicKey, keyId: createHash("sha256").update(spki).digest("base64url") };
}

const DAY_MS = 24 * 3600 * 1000;
const AUTHORITY_DAYS = 3650;
const CERTIFICATE_DAYS = 365;
/** Certificates are made anew at a start when less than this is left. */
const RENEW_BEFORE_DAYS = 60;
/** Other machines' clocks may be behind. */
const BACKDATE_MS = 3600 * 1000;
const AUTHORITY: AuthorityName = { fileName: "ca", subject: { commonName: "gantry-ca" } };
const FRONT_PROXY_AUTHORITY: AuthorityName = {
  fileName: "front-proxy-ca",
  subject: { commonName: "front-proxy-ca" },
};
/** The name by which other servers know this one as a proxy that may tell them who somebody is. */
export const FRONT_PROXY_CLIENT = "front-proxy-client";

const KUBELET_CLIENT = "apiserver-kubelet-client";
/** As kubeadm makes it: kubelets ask the API what it may do, and that lets it do everything. */
const KUBELET_CLIENT_SUBJECT: Subject = {
  commonName: "kube-apiserver-kubelet-client",
  organizations: ["system:masters"],
};

interface AuthorityName {
  fileName: string;
  subject: Subject;
}

interface Authorities {
  folder: PkiFolder;
  front: PkiFolder;
  tokenSigningKey: TokenSigningKey;
}

/** Reads what all control planes of a cluster share (`ca`, `front-proxy-ca`, `sa.key`), and makes what is missing. */
export async function openAuthorities({
  pkiDir,
  clock = systemClock,
}: Pick<CertificatesOptions, "pkiDir" | "clock">): Promise<Authorities> {
  await mkdir(pkiDir, { recursive: true, mode: 0o700 });
  const folder = new PkiFolder(pkiDir, clock, AUTHORITY);
  const front = new PkiFolder(pkiDir, clock, FRONT_PROXY_AUTHORITY);
  const [tokenSigningKey] = await Promise.all([
    folder.tokenSigningKey(),
    folder.openAuthority(),
    front.openAuthority(),
  ]);
  return { folder, front, tokenSigningKey };
}

/** Reads the keys and certificates of an instance and makes what is missing or about to expire. */
export async function openCertificates(options: CertificatesOptions): Promise<Certificates> {
  const { folder, front, tokenSigningKey } = await openAuthorities(options);
  const [server, kubeletClient, proxyClient] = await Promise.all([
    folder.certificate("apiserver", "server", { commonName: "kube-apiserver" }, serverNames(options)),
    folder.certificate(KUBELET_CLIENT, "client", KUBELET_CLIENT_SUBJECT, []),
    front.certificate(FRONT_PROXY_CLIENT, "client", { commonName: FRONT_PROXY_CLIENT }, []),
  ]);
  return {
    caPem: folder.caPem,
    authority: folder.authority(),
    server,
    tokenSigningKey,
    kubeletClient,
    frontProxy: { caPem: front.caPem, client: proxyClient },
    client: (fileName, subject) => folder.certificate(fileName, "client", subject, []),
    serverFor: (fileName, commonName, names) => folder.certificate(fileName, "server", { commonName }, names),
  };
}

function serverNames({ names = [], serviceAddress, clusterDomain = "cluster.local" }: CertificatesOptions) {
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  return [
    ...new Set([
      "localhost",
      ...service,
      `kubernetes.default.svc.${clusterDomain}`,
      "127.0.0.1",
      "::1",
      serviceAddress,
      ...names,
    ]),
  ];
}

/** The files of one authority and of what it has signed. */
class PkiFolder {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #authority: AuthorityName;
  #authorityKey: KeyObject | undefined;
  caPem = "";

  constructor(dir: string, clock: Clock, authority: AuthorityName) {
    this.#dir = dir;
    this.#clock = clock;
    this.#authority = authority;
  }

  async openAuthority(): Promise<void> {
    const { fileName, subject } = this.#authority;
    const [cert, key] = await this.#read(fileName);
    if (cert === undefined) {
      const privateKey = generateKey();
      this.#authorityKey = privateKey;
      this.caPem = this.#issue("authority", subject, createPublicKey(privateKey), [], AUTHORITY_DAYS);
      await this.#write(fileName, this.caPem, privateKey);
      return;
    }
    const keyFile = `${fileName}.key`;
    const certFile = `${fileName}.crt`;
    // The key is written before the certificate, so a certificate alone means that the key was taken away.
    if (key === undefined) throw this.#broken(keyFile, "is missing");
    this.#authorityKey = this.#parse(keyFile, key, parsePrivateKey);
    const certificate = this.#parse(certFile, cert, (text) => new X509Certificate(text));
    if (!certificate.checkPrivateKey(this.#authorityKey))
      throw this.#broken(keyFile, `is not the key of ${certFile}`);
    this.caPem = cert;
  }

  authority(): CertificateAuthority {
    const issuer = { name: distinguishedName(this.#authority.subject), privateKey: this.#authorityKey! };
    return {
      notAfterMs: new X509Certificate(this.caPem).validToDate.getTime(),
      issue: (order) => signRequest(order, issuer),
    };
  }

  async certificate(
    fileName: string,
    usage: "server" | "client",
    subject: Subject,
    names: readonly string[],
  ): Promise<KeyPair> {
    const [cert, key] = await this.#read(fileName);
    if (cert !== undefined && key !== undefined && this.#isStillGood(cert, key, subject, names)) {
      return { certPem: cert, keyPem: key };
    }
    const privateKey = generateKey();
    const certPem = this.#issue(usage, subject, createPublicKey(privateKey), names, CERTIFICATE_DAYS);
    await this.#write(fileName, certPem, privateKey);
    return { certPem, keyPem: privateKeyPem(privateKey) };
  }

  async tokenSigningKey(): Promise<TokenSigningKey> {
    const path = join(this.#dir, "sa.key");
    const text = await readText(path);
    const privateKey = text === undefined ? generateKey() : this.#parse("sa.key", text, parsePrivateKey);
    if (text === undefined) await writeFileDurably(path, privateKeyPem(privateKey), { mode: 0o600 });
    return tokenSigningKey(privateKey);
  }

  #issue(
    usage: "authority" | "server" | "client",
    subject: Subject,
    publicKey: KeyObject,
    names: readonly string[],
    days: number,
  ): string {
    const nowMs = this.#clock.nowMs();
    return issueCertificate({
      subject,
      publicKey,
      issuer: { subject: this.#authority.subject, privateKey: this.#authorityKey! },
      usage,
      names,
      notBeforeMs: nowMs - BACKDATE_MS,
      notAfterMs: nowMs + days * DAY_MS,
    });
  }

  /** Ours, for this subject and these names, with its key, and not about to expire. */
  #isStillGood(cert: string, key: string, subject: Subject, names: readonly string[]): boolean {
    try {
      const certificate = new X509Certificate(cert);
      const wanted = [...(subject.organizations ?? []).map((o) => `O=${o}`), `CN=${subject.commonName}`];
      return (
        certificate.verify(createPublicKey(this.#authorityKey!)) &&
        certificate.checkPrivateKey(parsePrivateKey(key)) &&
        certificate.subject === wanted.join("\n") &&
        names.every((name) => certificate.checkHost(name) ?? certificate.checkIP(name)) &&
        certificate.validToDate.getTime() - this.#clock.nowMs() > RENEW_BEFORE_DAYS * DAY_MS
      );
    } catch {
      return false;
    }
  }

  #read(name: string): Promise<[string | undefined, string | undefined]> {
    return Promise.all([readText(join(this.#dir, `${name}.crt`)), readText(join(this.#dir, `${name}.key`))]);
  }

  async #write(name: string, certPem: string, key: KeyObject): Promise<void> {
    await writeFileDurably(join(this.#dir, `${name}.key`), privateKeyPem(key), { mode: 0o600 });
    await writeFileDurably(join(this.#dir, `${name}.crt`), certPem, { mode: 0o644 });
  }

  #parse<T>(file: string, text: string, parse: (text: string) => T): T {
    try {
      return parse(text);
    } catch (error) {
      throw this.#broken(file, `cannot be read (${errorMessage(error)})`);
    }
  }

  #broken(file: string, what: string): GantryError {
    return new GantryError("DataLoss", `${join(this.#dir, file)} ${what}`, {
      code: "Pki.Broken",
      hint: `Put the file back from a backup, or remove the folder ${this.#dir}: what the store knows is written there again.`,
    });
  }
}
