import { isIPv4, isIPv6 } from "node:net";
import { invalidArgument } from "../base/index.ts";

/** The 4 or 16 bytes of an address in text form. */
export function ipBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  if (!isIPv6(address)) throw invalidArgument(`not an IP address: ${address}`);
  return ipv6Bytes(address);
}

function ipv6Bytes(address: string): Buffer {
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const v4 = mapped ? Buffer.from(mapped[2]!.split(".").map(Number)).toString("hex") : "";
  const text = mapped ? `${mapped[1]}${v4.slice(0, 4)}:${v4.slice(4)}` : address;
  const [left = "", right] = text.split("::");
  const groupsOf = (part: string | undefined) => (part ? part.split(":") : []);
  const head = groupsOf(left);
  const tail = groupsOf(right);
  const zeros = new Array<string>(8 - head.length - tail.length).fill("0");
  return Buffer.from([...head, ...zeros, ...tail].map((group) => group.padStart(4, "0")).join(""), "hex");
}

/** Dotted or colon text; IPv6 in its shortest form. Empty for no bytes. */
export function formatIp(bytes: Buffer | undefined): string {
  if (!bytes) return "";
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let offset = 0; offset + 1 < bytes.length; offset += 2)
    groups.push(bytes.readUInt16BE(offset).toString(16));
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

export function parseCidr(cidr: string): { address: string; prefixLength: number } {
  const slash = cidr.indexOf("/");
  const address = slash < 0 ? cidr : cidr.slice(0, slash);
  const maximum = isIPv4(address) ? 32 : 128;
  const prefixLength = slash < 0 ? maximum : Number(cidr.slice(slash + 1));
  const valid = (isIPv4(address) || isIPv6(address)) && Number.isInteger(prefixLength) && prefixLength >= 0;
  if (!valid || prefixLength > maximum) throw invalidArgument(`not an address with prefix: ${cidr}`);
  return { address, prefixLength };
}
