import type { KeyObject } from "node:crypto";
import { invalidArgument } from "../../base/index.ts";
import type { AlternativeName, CertificateRequest } from "../../formats/index.ts";
import * as der from "./der.ts";
import { extendedUsagesOf, keyUsageBits } from "./key-usages.ts";
import { authorityKeyExtension, extension, signCertificate } from "./sign-certificate.ts";

/** What somebody asks to be certified, and how far that is granted. */
export interface CertificateOrder {
  request: CertificateRequest;
  /** As the API names them: `client auth`, `digital signature`. */
  usages: readonly string[];
  notBeforeMs: number;
  notAfterMs: number;
}

/**
 * A certificate of the request's subject, key and alternative names for these usages, as PEM; other extensions that are asked
 * for are not granted (authority.PermissiveSigningPolicy). Throws InvalidArgument where the request's own signature does not
 * hold, or a usage is not known.
 */
export function signRequest(
  { request, usages, notBeforeMs, notAfterMs }: CertificateOrder,
  issuer: { name: Buffer; privateKey: KeyObject },
): string {
  const problem = request.signatureProblem();
  if (problem !== undefined || !request.publicKey)
    throw invalidArgument(`unable to verify certificate request signature: ${problem}`);
  const subject = subjectOf(request.subjectTexts);
  return signCertificate({
    subject,
    publicKey: request.publicKey.export({ type: "spki", format: "der" }),
    issuer,
    notBeforeMs,
    notAfterMs,
    extensions: [
      ...usageExtensions(usages),
      extension("2.5.29.19", true, der.sequence()),
      authorityKeyExtension(issuer.privateKey),
      ...namesExtension(request.alternativeNames, subject),
    ],
  });
}

function usageExtensions(usages: readonly string[]): Buffer[] {
  const bits = keyUsageBits(usages);
  const extended = extendedUsagesOf(usages);
  return [
    ...(bits === undefined ? [] : [extension("2.5.29.15", true, bits)]),
    ...(extended.length === 0
      ? []
      : [extension("2.5.29.37", false, der.sequence(...extended.map(der.objectIdentifier)))]),
  ];
}

/** Kinds of names in the order in which Go's pkix.Name writes them, the values of one kind together; others are left out. */
const NAME_ORDER = ["6", "10", "11", "7", "8", "9", "17", "3", "5"].map((last) => `2.5.4.${last}`);
/** Of these the last one counts. */
const SINGLE = ["2.5.4.3", "2.5.4.5"];

function subjectOf(texts: CertificateRequest["subjectTexts"]): Buffer {
  const sets = NAME_ORDER.flatMap((type) => {
    const all = texts.flatMap(([one, text]) => (one === type ? [text] : []));
    const values = SINGLE.includes(type) ? all.slice(-1).filter((text) => text !== "") : all;
    if (values.length === 0) return [];
    const attributes = values.map((text) => der.sequence(der.objectIdentifier(type), nameText(text)));
    return [der.set(...attributes.sort(Buffer.compare))];
  });
  return der.sequence(...sets);
}

const nameText = (text: string): Buffer =>
  /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(text) ? der.printableString(text) : der.utf8String(text);

const GENERAL_NAMES: [AlternativeName["type"], tag: number][] = [
  ["dns", 2],
  ["email", 1],
  ["ip", 7],
  ["uri", 6],
];

/** RFC 5280 §4.2.1.6: critical where nothing else says who it is. */
function namesExtension(names: readonly AlternativeName[], subject: Buffer): Buffer[] {
  if (names.length === 0) return [];
  const isAlone = subject.equals(der.sequence());
  const inOrder = GENERAL_NAMES.flatMap(([type, tag]) =>
    names.filter((name) => name.type === type).map(({ value }) => der.implicit(tag, shortest(type, value))),
  );
  return [extension("2.5.29.17", isAlone, der.sequence(...inOrder))];
}

const MAPPED_IPV4 = Buffer.from("00000000000000000000ffff", "hex");

function shortest(type: AlternativeName["type"], value: Buffer): Buffer {
  const isMapped = type === "ip" && value.length === 16 && value.subarray(0, 12).equals(MAPPED_IPV4);
  return isMapped ? value.subarray(12) : value;
}
