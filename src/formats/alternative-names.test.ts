import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { requestedNames } from "./alternative-names.ts";

const tlv = (tag: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, body.length]), body]);
};
const text = (value: string) => Buffer.from(value, "latin1");
const EXTENSION_REQUEST = tlv(6, Buffer.from("2a864886f70d01090e", "hex"));
const ALTERNATIVE_NAMES = tlv(6, Buffer.from("551d11", "hex"));
const KEY_USAGE = tlv(6, Buffer.from("551d0f", "hex"));
const extension = (id: Buffer, value: Buffer, ...flag: Buffer[]) => tlv(0x30, id, ...flag, tlv(4, value));
const requesting = (...extensions: Buffer[]) =>
  tlv(0x30, EXTENSION_REQUEST, tlv(0x31, tlv(0x30, ...extensions)));
const names = (...all: Buffer[]) => extension(ALTERNATIVE_NAMES, tlv(0x30, ...all));
const shown = (attributes: Buffer) =>
  requestedNames(attributes).map(({ type, value }) => `${type}:${value.toString("latin1")}`);

describe("the alternative names of a request", () => {
  const dns = tlv(0x82, text("a.b"));
  it.each<[what: string, attributes: Buffer, names: string[]]>([
    ["none", Buffer.alloc(0), []],
    [
      "of all types that are known",
      requesting(names(dns, tlv(0x81, text("x@y")), tlv(0x86, text("a://b")))),
      ["dns:a.b", "email:x@y", "uri:a://b"],
    ],
    ["addresses", requesting(names(tlv(0x87, text("\x01\x02\x03\x04")))), ["ip:\x01\x02\x03\x04"]],
    ["of a type that is not", requesting(names(tlv(0x88, text("\x2a")), dns)), ["dns:a.b"]],
    [
      "critical ones, and behind others",
      requesting(
        extension(KEY_USAGE, Buffer.from("03020780", "hex")),
        extension(ALTERNATIVE_NAMES, tlv(0x30, dns), tlv(1, Buffer.from([0xff]))),
      ),
      ["dns:a.b"],
    ],
    [
      "behind an attribute that makes no sense",
      Buffer.concat([tlv(0x30, text("x")), requesting(names(dns))]),
      ["dns:a.b"],
    ],
  ])("are %s", (_, attributes, expected) => {
    expect(shown(attributes)).toEqual(expected);
  });

  it.each([
    ["x509: SAN dNSName is malformed", requesting(names(tlv(0x82, text("\xe9"))))],
    ["x509: SAN rfc822Name is malformed", requesting(names(tlv(0x81, text("\xe9"))))],
    ["x509: SAN uniformResourceIdentifier is malformed", requesting(names(tlv(0x86, text("\xe9"))))],
    ["x509: cannot parse IP address of length 5", requesting(names(tlv(0x87, text("12345"))))],
    ["x509: invalid subject alternative names", requesting(extension(ALTERNATIVE_NAMES, text("x")))],
    [
      "x509: invalid subject alternative name",
      requesting(extension(ALTERNATIVE_NAMES, tlv(0x30, Buffer.from([0x82, 9])))),
    ],
    ["x509: certificate request contains duplicate requested extensions", requesting(names(dns), names(dns))],
  ])("are refused: %s", (message, attributes) => {
    expect(() => requestedNames(attributes)).toThrow(message);
  });
});
