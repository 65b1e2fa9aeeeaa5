import { createRequire } from "node:module";

/** The parts of dns-packet that are used here; the package brings no types. */
export interface DnsQuestion {
  name: string;
  type: string;
  class?: string;
}

export interface SoaData {
  mname: string;
  rname: string;
  serial: number;
  refresh: number;
  retry: number;
  expire: number;
  minimum: number;
}

export interface SrvData {
  priority: number;
  weight: number;
  port: number;
  target: string;
}

export interface DnsRecord {
  name: string;
  type: string;
  ttl?: number;
  class?: string;
  data?: string | Buffer | Buffer[] | SoaData | SrvData;
  udpPayloadSize?: number;
  extendedRcode?: number;
  ednsVersion?: number;
  flags?: number;
  options?: unknown[];
}

export interface DnsMessage {
  id?: number;
  type?: "query" | "response";
  flags?: number;
  /** Name of the operation: `QUERY`. */
  opcode?: string;
  rcode?: string;
  questions?: DnsQuestion[];
  answers?: DnsRecord[];
  authorities?: DnsRecord[];
  additionals?: DnsRecord[];
}

interface DnsPacketModule {
  encode(message: DnsMessage): Buffer;
  decode(bytes: Buffer): DnsMessage;
  answer: { encode(record: DnsRecord): Buffer };
  question: {
    encode(question: DnsQuestion, buffer: Buffer, offset: number): void;
    encodingLength(question: DnsQuestion): number;
  };
  name: { encode(name: string): Buffer };
}

export const DNS_HEADER_BYTES = 12;

let loaded: DnsPacketModule | undefined;

function dnsPacket(): DnsPacketModule {
  loaded ??= createRequire(import.meta.url)("dns-packet") as DnsPacketModule;
  return loaded;
}

export const DnsFlag = {
  AUTHORITATIVE: 1 << 10,
  TRUNCATED: 1 << 9,
  RECURSION_DESIRED: 1 << 8,
  RECURSION_AVAILABLE: 1 << 7,
} as const;

/** Response codes (RFC 1035 §4.1.1); they are the low four bits of the flags. */
export const DnsCode = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const;
export type DnsCode = (typeof DnsCode)[keyof typeof DnsCode];

/** Throws an Error of the package on anything malformed. */
export function decodeDns(bytes: Buffer): DnsMessage {
  return dnsPacket().decode(bytes);
}

export function encodeDns(message: DnsMessage): Buffer {
  return dnsPacket().encode(message);
}

export interface DnsAnswer {
  code: DnsCode;
  answers?: DnsRecord[];
  authorities?: DnsRecord[];
  additionals?: DnsRecord[];
  authoritative?: boolean;
}

/**
 * The bytes of the response to `query`, at most `limitBytes`: answers that do not fit are left out, and the response is
 * marked as truncated, so that the asker comes again by TCP.
 */
export function encodeAnswer(query: DnsMessage, answer: DnsAnswer, limitBytes = 65535): Buffer {
  const question = query.questions![0]!;
  const questionBytes = Buffer.alloc(dnsPacket().question.encodingLength(question));
  dnsPacket().question.encode(question, questionBytes, 0);
  const encode = (record: DnsRecord) => encodeRecord(record, question.name);
  const answers = (answer.answers ?? []).map(encode);
  const authorities = (answer.authorities ?? []).map(encode);
  const additionals = (answer.additionals ?? []).map(encode);
  const edns = ednsOf(query) ? [encode(EDNS_REPLY)] : [];

  const header = Buffer.alloc(DNS_HEADER_BYTES);
  const sizeOf = () =>
    [header, questionBytes, ...answers, ...authorities, ...additionals, ...edns].reduce(
      (sum, part) => sum + part.length,
      0,
    );
  let truncated = 0;
  while (sizeOf() > limitBytes) {
    if (additionals.pop()) continue;
    truncated = DnsFlag.TRUNCATED;
    if (!answers.pop() && !authorities.pop()) break;
  }
  const asked = (query.flags ?? 0) & DnsFlag.RECURSION_DESIRED;
  const authoritative = answer.authoritative ? DnsFlag.AUTHORITATIVE : 0;
  header.writeUInt16BE(query.id ?? 0, 0);
  header.writeUInt16BE(
    0x8000 | asked | DnsFlag.RECURSION_AVAILABLE | authoritative | truncated | answer.code,
    2,
  );
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(authorities.length, 8);
  header.writeUInt16BE(additionals.length + edns.length, 10);
  return Buffer.concat([header, questionBytes, ...answers, ...authorities, ...additionals, ...edns]);
}

/** Where the question's name stands in every message; a pointer to it (RFC 1035 §4.1.4) saves most of a record. */
const POINTER_TO_QUESTION = Buffer.from([0xc0, DNS_HEADER_BYTES]);

function encodeRecord(record: DnsRecord, questionName: string): Buffer {
  // Encoded with the root's one-byte name, which is then replaced.
  const rest = dnsPacket()
    .answer.encode({ ...record, name: "." })
    .subarray(1);
  const isQuestion = record.name !== "." && record.name.toLowerCase() === questionName.toLowerCase();
  return Buffer.concat([isQuestion ? POINTER_TO_QUESTION : dnsPacket().name.encode(record.name), rest]);
}

const EDNS_REPLY: DnsRecord = {
  name: ".",
  type: "OPT",
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  options: [],
};

function ednsOf(query: DnsMessage): DnsRecord | undefined {
  return query.additionals?.find((record) => record.type === "OPT");
}

/** How large a UDP response the asker takes (RFC 6891; 512 without EDNS). */
export function udpLimitOf(query: DnsMessage): number {
  return Math.min(4096, Math.max(512, ednsOf(query)?.udpPayloadSize ?? 512));
}

/** A response without records that says why: made from the query's first bytes alone, so that it also serves unreadable ones. */
export function bareResponse(query: Buffer, code: DnsCode): Buffer {
  const header = Buffer.alloc(DNS_HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  const opcode = query.readUInt16BE(2) & 0x7800;
  const asked = query.readUInt16BE(2) & DnsFlag.RECURSION_DESIRED;
  header.writeUInt16BE(0x8000 | opcode | asked | DnsFlag.RECURSION_AVAILABLE | code, 2);
  return header;
}
