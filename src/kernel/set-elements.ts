import { isIP } from "node:net";
import { ipBytes } from "./ip-bytes.ts";
import { NetlinkFamily, netlinkBatch } from "./netlink.ts";
import { attribute, NLM_F_CREATE, nested, textAttribute } from "./netlink-message.ts";

/** linux/netfilter/nfnetlink.h and nf_tables.h. */
const NFNL_SUBSYS_NFTABLES = 10;
const NFNL_MSG_BATCH_BEGIN = 0x10;
const NFNL_MSG_BATCH_END = 0x11;
const NFT_MSG_NEWSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 12;
const NFT_MSG_DELSETELEM = (NFNL_SUBSYS_NFTABLES << 8) | 14;
const NFTA_SET_ELEM_LIST_TABLE = 1;
const NFTA_SET_ELEM_LIST_SET = 2;
const NFTA_SET_ELEM_LIST_ELEMENTS = 3;
const NFTA_LIST_ELEM = 1;
const NFTA_SET_ELEM_KEY = 1;
const NFTA_SET_ELEM_DATA = 2;
const NFTA_DATA_VALUE = 1;
const NFTA_DATA_VERDICT = 2;
const NFTA_VERDICT_CODE = 1;
const NFTA_VERDICT_CHAIN = 2;
const NFT_GOTO = -4;
const FAMILY = { ip: 2, inet: 1 } as const;

export interface SetElement {
  /** Addresses and ports, as nft writes them: `["10.244.0.5", "80"]`. */
  key: readonly string[];
  /** Of a verdict map: the chain that packets go to. */
  goto?: string;
}

export interface SetElementChange {
  verb: "add" | "delete";
  set: string;
  elements: readonly SetElement[];
}

/**
 * Adds elements to sets and maps and removes others, all or none, in the current network namespace. Does what `nft` would by
 * `add element` and `delete element`, which first reads all chains and sets that there are: some microseconds instead of
 * milliseconds where there are many.
 */
export function changeSetElements(
  family: keyof typeof FAMILY,
  table: string,
  changes: readonly SetElementChange[],
): void {
  const header = Buffer.from([FAMILY[family], 0, 0, 0]);
  const edge = Buffer.from([0, 0, 0, NFNL_SUBSYS_NFTABLES]);
  netlinkBatch({
    family: NetlinkFamily.NETFILTER,
    begin: { type: NFNL_MSG_BATCH_BEGIN, parts: [edge] },
    end: { type: NFNL_MSG_BATCH_END, parts: [edge] },
    messages: changes.map(({ verb, set, elements }) => ({
      type: verb === "add" ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
      flags: verb === "add" ? NLM_F_CREATE : 0,
      parts: [
        header,
        textAttribute(NFTA_SET_ELEM_LIST_TABLE, table),
        textAttribute(NFTA_SET_ELEM_LIST_SET, set),
        nested(
          NFTA_SET_ELEM_LIST_ELEMENTS,
          elements.map((element) => nested(NFTA_LIST_ELEM, elementParts(element))),
        ),
      ],
    })),
    operation: `change the sets of ${table}`,
  });
}

function elementParts({ key, goto }: SetElement): Buffer[] {
  const bytes = Buffer.concat(key.map(fieldBytes));
  const parts = [nested(NFTA_SET_ELEM_KEY, [attribute(NFTA_DATA_VALUE, bytes)])];
  if (goto !== undefined) {
    const verdict = [attribute(NFTA_VERDICT_CODE, int32(NFT_GOTO)), textAttribute(NFTA_VERDICT_CHAIN, goto)];
    parts.push(nested(NFTA_SET_ELEM_DATA, [nested(NFTA_DATA_VERDICT, verdict)]));
  }
  return parts;
}

/** Each field of a key fills whole registers of four bytes. */
function fieldBytes(field: string): Buffer {
  if (isIP(field)) return ipBytes(field);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(Number(field));
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
