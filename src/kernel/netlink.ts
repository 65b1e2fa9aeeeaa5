import { closeSync } from "node:fs";
import { FairTurn } from "../base/index.ts";
import { check, errnoError, hasErrno, koffi, libc } from "./libc.ts";
import { dropScoped, scoped } from "./namespace-scope.ts";
import {
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSG_ERROR,
} from "./netlink-message.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const RECEIVE_BYTES = 1 << 16;
const NLM_F_DUMP_INTR = 0x10;

export const NetlinkFamily = { ROUTE: 0, NETFILTER: 12 } as const;
export type NetlinkFamily = (typeof NetlinkFamily)[keyof typeof NetlinkFamily];

const SOCKET_KIND: Record<NetlinkFamily, symbol> = {
  0: Symbol("netlink route socket"),
  12: Symbol("netlink netfilter socket"),
};

let lastSequence = 0;
let receiveBuffer: Buffer | undefined;

function openSocket(family: NetlinkFamily): number {
  return check(libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family), "open a netlink socket");
}

function socketFor(family: NetlinkFamily): number {
  return scoped(SOCKET_KIND[family], () => openSocket(family), closeSync);
}

function nextSequence(): number {
  lastSequence = (lastSequence + 1) >>> 0;
  return lastSequence;
}

export interface NetlinkRequest {
  family: NetlinkFamily;
  type: number;
  /** Beyond REQUEST and ACK. */
  flags?: number;
  parts: readonly Buffer[];
  /** For the error message: `create link gt0-br0`. */
  operation: string;
}

/** Sends one request and waits for its acknowledgement; the kernel has answered when send(2) returns. */
export function netlinkRequest(request: NetlinkRequest): void {
  const sequence = nextSequence();
  const flags = NLM_F_REQUEST | NLM_F_ACK | (request.flags ?? 0);
  const message = encodeMessage(request.type, flags, sequence, request.parts);
  inSocket(request.family, (fd) => {
    check(libc().send(fd, message, message.length, 0), request.operation);
    awaitAcknowledgement(fd, sequence, request.operation);
  });
}

interface BatchMessage {
  type: number;
  /** Beyond REQUEST and ACK. */
  flags?: number;
  parts: readonly Buffer[];
}

/** Sends messages between two that mark where the transaction begins and ends, and waits until all are acknowledged. */
export function netlinkBatch(batch: {
  family: NetlinkFamily;
  begin: BatchMessage;
  messages: readonly BatchMessage[];
  end: BatchMessage;
  operation: string;
}): void {
  const { begin, messages, end, operation } = batch;
  const own = new Set<number>();
  const encoded = [begin, ...messages, end].map((message) => {
    const { type, flags = 0, parts } = message;
    const isEdge = message === begin || message === end;
    const sequence = nextSequence();
    own.add(sequence);
    return encodeMessage(type, NLM_F_REQUEST | (isEdge ? 0 : NLM_F_ACK) | flags, sequence, parts);
  });
  const bytes = Buffer.concat(encoded);
  inSocket(batch.family, (fd) => {
    check(libc().send(fd, bytes, bytes.length, 0), operation);
    for (let acknowledged = 0; acknowledged < messages.length; ) {
      for (const reply of receive(fd)) {
        if (!own.has(reply.sequence) || reply.type !== NLMSG_ERROR) continue;
        throwIfError(reply, operation);
        acknowledged++;
      }
    }
  });
}

/**
 * As `netlinkRequest`, with the kernel's work done on a worker thread: some (removing a link) takes it 20 ms. Returns
 * the function that does it, once, in the network namespace of now.
 */
export function prepareNetlinkRequest(request: NetlinkRequest): () => Promise<void> {
  const sequence = nextSequence();
  const flags = NLM_F_REQUEST | NLM_F_ACK | (request.flags ?? 0);
  const message = encodeMessage(request.type, flags, sequence, request.parts);
  const fd = openSocket(request.family);
  return async () => {
    try {
      await new Promise<void>((resolve, reject) => {
        libc().send.async(fd, message, message.length, 0, (error, sent) => {
          if (error) reject(error);
          else if (sent < 0) reject(errnoError(koffi().errno(), request.operation));
          else resolve();
        });
      });
      awaitAcknowledgement(fd, sequence, request.operation);
    } finally {
      closeSync(fd);
    }
  };
}

/** Asks for one object. */
export function netlinkGet(request: NetlinkRequest): NetlinkMessage {
  const sequence = nextSequence();
  const message = encodeMessage(request.type, NLM_F_REQUEST, sequence, request.parts);
  return inSocket(request.family, (fd) => {
    check(libc().send(fd, message, message.length, 0), request.operation);
    for (;;) {
      const reply = receive(fd).find((row) => row.sequence === sequence);
      if (reply?.type === NLMSG_ERROR) throwIfError(reply, request.operation);
      if (reply) return { ...reply, payload: Buffer.from(reply.payload) };
    }
  });
}

/** Asks for a whole table; returns its rows. Asked again when the kernel says that the table changed meanwhile. */
export function netlinkDump(request: NetlinkRequest): NetlinkMessage[] {
  for (let attempt = 0; ; attempt++) {
    const { rows, interrupted } = inSocket(request.family, (fd) => dumpOnce(fd, request));
    if (!interrupted || attempt >= 5) return rows;
  }
}

/**
 * Asks for a whole table that may be large, and yields its rows as the kernel hands them over, so that others get their turn
 * meanwhile. What changes while it is read may be missing.
 */
export async function* netlinkDumpInTurns(request: NetlinkRequest): AsyncGenerator<NetlinkMessage[]> {
  const turn = new FairTurn();
  const sequence = nextSequence();
  const message = encodeMessage(request.type, NLM_F_REQUEST | NLM_F_DUMP, sequence, request.parts);
  // Of its own: others use the common one between the pieces.
  const buffer = Buffer.alloc(RECEIVE_BYTES);
  const fd = openSocket(request.family);
  try {
    check(libc().send(fd, message, message.length, 0), request.operation);
    for (;;) {
      const rows = receiveInto(buffer, fd).filter((row) => row.sequence === sequence);
      for (const row of rows) if (row.type === NLMSG_ERROR) throwIfError(row, request.operation);
      // To be used before the next piece is asked for, which comes into the same buffer.
      yield rows.filter((row) => row.type !== NLMSG_DONE && row.type !== NLMSG_ERROR);
      if (rows.some((row) => row.type === NLMSG_DONE)) return;
      await turn.pause();
    }
  } finally {
    closeSync(fd);
  }
}

function dumpOnce(fd: number, request: NetlinkRequest): { rows: NetlinkMessage[]; interrupted: boolean } {
  const sequence = nextSequence();
  const message = encodeMessage(request.type, NLM_F_REQUEST | NLM_F_DUMP, sequence, request.parts);
  check(libc().send(fd, message, message.length, 0), request.operation);
  const rows: NetlinkMessage[] = [];
  let interrupted = false;
  for (;;) {
    for (const row of receive(fd)) {
      if (row.sequence !== sequence) continue;
      if (row.flags & NLM_F_DUMP_INTR) interrupted = true;
      if (row.type === NLMSG_DONE) return { rows, interrupted };
      if (row.type === NLMSG_ERROR) throwIfError(row, request.operation);
      // The receive buffer is used again for the next datagram.
      rows.push({ ...row, payload: Buffer.from(row.payload) });
    }
  }
}

function awaitAcknowledgement(fd: number, sequence: number, operation: string): void {
  for (;;) {
    for (const reply of receive(fd)) {
      if (reply.sequence !== sequence || reply.type !== NLMSG_ERROR) continue;
      throwIfError(reply, operation);
      return;
    }
  }
}

function throwIfError(reply: NetlinkMessage, operation: string): void {
  const code = reply.payload.readInt32LE(0);
  if (code !== 0) throw errnoError(-code, operation);
}

function receive(fd: number): NetlinkMessage[] {
  receiveBuffer ??= Buffer.alloc(RECEIVE_BYTES);
  return receiveInto(receiveBuffer, fd);
}

function receiveInto(buffer: Buffer, fd: number): NetlinkMessage[] {
  const length = check(libc().recv(fd, buffer, buffer.length, 0), "receive from netlink");
  return decodeMessages(buffer.subarray(0, length));
}

/** After a failed send or receive the socket may hold stray replies: the next use opens a fresh one. */
function inSocket<T>(family: NetlinkFamily, fn: (fd: number) => T): T {
  try {
    return fn(socketFor(family));
  } catch (error) {
    if (hasErrno(error, "ENOBUFS", "EBADF", "EINTR")) dropScoped(SOCKET_KIND[family]);
    throw error;
  }
}
