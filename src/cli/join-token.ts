import { createHash, X509Certificate } from "node:crypto";
import { GantryError } from "../base/index.ts";

/** What a machine needs to join: who it may say that it is, and by what it knows that the cluster is the one that is meant. */
export interface JoinToken {
  id: string;
  secret: string;
  /** SHA-256 of the public key of the cluster's authority (SubjectPublicKeyInfo, as kubeadm's), hexadecimal. */
  caHash: string;
}

const FORM = /^G1([0-9a-f]{64})::([a-z0-9]{6})\.([a-z0-9]{16})$/;
const BARE = /^[a-z0-9]{6}\.[a-z0-9]{16}$/;

/** `G1<hash>::<id>.<secret>` */
export function formatJoinToken({ id, secret, caHash }: JoinToken): string {
  return `G1${caHash}::${id}.${secret}`;
}

/** Throws InvalidArgument for what is none; its message does not repeat it. */
export function parseJoinToken(text: string): JoinToken {
  const [, caHash, id, secret] = FORM.exec(text.trim()) ?? [];
  if (caHash !== undefined && id !== undefined && secret !== undefined) return { caHash, id, secret };
  const message = BARE.test(text.trim())
    ? "the token does not tell the cluster's authority: it lacks what stands before its '::'"
    : "--token is not what 'gantry token create' prints";
  throw new GantryError("InvalidArgument", message, {
    code: "Join.BadToken",
    hint: "make one on a server with 'gantry token create', and take it whole",
  });
}

/** By which a token knows the authority. */
export function caHashOf(caPem: string): string {
  const publicKey = new X509Certificate(caPem).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(publicKey).digest("hex");
}
