import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { errorMessage, invalidArgument } from "../../../base/index.ts";
import type { FlagValues } from "../../../formats/index.ts";
import { parseGoUrl, pemBlocks } from "../../../formats/index.ts";
import { algorithmOfKey } from "../authentication/json-web-signature.ts";
import type { VerificationKey } from "../authentication/json-web-token.ts";
import type { ServiceAccountTokenSettings } from "../authentication/service-account-tokens.ts";
import { type TokenSigningKey, tokenSigningKey, verificationKey } from "../certificates.ts";
import { fileOf, type OptionProblems, textOfFile } from "./option-problems.ts";

/**
 * `--service-account-…` and `--api-audiences`. Where no key signs, the instance's own does, and its tokens are taken beside
 * those that the key files prove.
 */
export async function readServiceAccountTokens(
  flags: FlagValues,
  ownKey: TokenSigningKey,
  problems: OptionProblems,
): Promise<ServiceAccountTokenSettings> {
  const issuers = flags.list("service-account-issuer");
  checkIssuers(issuers, problems);
  const jwksUri = flags.text("service-account-jwks-uri");
  if (jwksUri !== "") checkJwksUri(jwksUri, problems);
  const key = (await problems.during(() => signingKey(flags))) ?? ownKey;
  const read = await problems.during(() => keysOfFiles(flags));
  const known = [verificationKey(key.publicKey), ...(read ?? [])];
  const maxMs = flags.milliseconds("service-account-max-token-expiration");
  const audiences = flags.list("api-audiences");
  const [first, ...others] = issuers;
  if (!flags.flag("service-account-lookup"))
    problems.add("--service-account-lookup=false is not implemented");
  return {
    key,
    keys: known.filter(({ keyId }, at) => known.findIndex((one) => one.keyId === keyId) === at),
    extendsExpiration: flags.flag("service-account-extend-token-expiration"),
    ...(first === undefined ? {} : { issuers: [first, ...others] }),
    ...(audiences.length > 0 ? { audiences } : {}),
    ...(maxMs > 0 ? { maxExpirationSeconds: maxMs / 1000 } : {}),
    ...(jwksUri === "" ? {} : { jwksUri }),
  };
}

function checkIssuers(issuers: readonly string[], problems: OptionProblems): void {
  for (const [at, issuer] of issuers.entries()) {
    const quoted = JSON.stringify(issuer);
    const wrong = issuer.includes(":") ? urlProblem(issuer) : undefined;
    if (wrong)
      problems.add(`service-account-issuer ${quoted} contained a ':' but was not a valid URL: ${wrong}`);
    else if (issuer === "") problems.add("service-account-issuer should not be an empty string");
    else if (issuers.indexOf(issuer) < at)
      problems.add(`service-account-issuer ${quoted} is already specified`);
  }
}

function checkJwksUri(uri: string, problems: OptionProblems): void {
  const wrong = urlProblem(uri);
  if (wrong) problems.add(`service-account-jwks-uri must be a valid URL: ${wrong}`);
  else if (!uri.startsWith("https:"))
    problems.add(`service-account-jwks-uri requires https scheme, parsed as: ${uri}`);
}

function urlProblem(text: string): string | undefined {
  try {
    parseGoUrl(text);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

async function signingKey(flags: FlagValues): Promise<TokenSigningKey | undefined> {
  const text = await fileOf(flags, "service-account-signing-key-file");
  if (text === undefined) return undefined;
  const found = pemBlocks(text).flatMap((block) => privateKeyOf(block.text) ?? []);
  const key = found.find((one) => algorithmOfKey(one) !== undefined);
  if (key) return tokenSigningKey(key);
  throw invalidArgument(
    "failed to parse service-account-issuer-key-file: data does not contain a valid RSA or ECDSA private key",
  );
}

async function keysOfFiles(flags: FlagValues): Promise<VerificationKey[]> {
  const keys: VerificationKey[] = [];
  for (const path of flags.list("service-account-key-file")) {
    const blocks = pemBlocks(await textOfFile(path, "service-account-key-file"));
    const found = blocks
      .flatMap((block) => publicKeyOf(block.text) ?? [])
      .filter((key) => algorithmOfKey(key) !== undefined);
    if (found.length === 0)
      throw invalidArgument(
        `error reading public key file ${path}: data does not contain any valid RSA or ECDSA public keys`,
      );
    keys.push(...found.map(verificationKey));
  }
  return keys;
}

function privateKeyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** Of a public key, a certificate, or a private key. */
function publicKeyOf(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
