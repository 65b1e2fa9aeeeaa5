import { GantryError } from "../base/index.ts";
import { koffi } from "./libc.ts";
import { scoped } from "./namespace-scope.ts";

interface LibNftables {
  nft_ctx_new(flags: number): bigint;
  nft_ctx_free(context: bigint): void;
  nft_ctx_buffer_output(context: bigint): number;
  nft_ctx_buffer_error(context: bigint): number;
  nft_ctx_get_output_buffer(context: bigint): string | null;
  nft_ctx_get_error_buffer(context: bigint): string | null;
  nft_ctx_output_set_flags(context: bigint, flags: number): void;
  nft_run_cmd_from_buffer(context: bigint, commands: string): number;
}

let bound: LibNftables | undefined;
const CONTEXT = Symbol("nftables context");
const NFT_CTX_OUTPUT_JSON = 1 << 4;

function library(): LibNftables {
  if (bound) return bound;
  const so = loadLibrary();
  const bind = (declaration: string) => so.func(declaration) as never;
  bound = {
    nft_ctx_new: bind("void *nft_ctx_new(uint32_t flags)"),
    nft_ctx_free: bind("void nft_ctx_free(void *context)"),
    nft_ctx_buffer_output: bind("int nft_ctx_buffer_output(void *context)"),
    nft_ctx_buffer_error: bind("int nft_ctx_buffer_error(void *context)"),
    nft_ctx_get_output_buffer: bind("const char *nft_ctx_get_output_buffer(void *context)"),
    nft_ctx_get_error_buffer: bind("const char *nft_ctx_get_error_buffer(void *context)"),
    nft_ctx_output_set_flags: bind("void nft_ctx_output_set_flags(void *context, uint flags)"),
    nft_run_cmd_from_buffer: bind("int nft_run_cmd_from_buffer(void *context, const char *commands)"),
  };
  return bound;
}

function loadLibrary() {
  try {
    return koffi().load("libnftables.so.1");
  } catch (error) {
    throw new GantryError("Unavailable", "the system library libnftables.so.1 is missing", {
      code: "Kernel.NoNftables",
      hint: "install the package libnftables1 (or nftables)",
      cause: error,
    });
  }
}

function openContext(): bigint {
  const nft = library();
  const context = nft.nft_ctx_new(0);
  if (!context) throw new GantryError("Internal", "nftables cannot be opened", { code: "Kernel.NoNftables" });
  nft.nft_ctx_buffer_output(context);
  nft.nft_ctx_buffer_error(context);
  return context;
}

/**
 * Runs nft(8) commands in the current network namespace as one transaction: all take effect or none. Returns what `nft`
 * would print; `json` selects its JSON form.
 */
export function nft(commands: string, options: { json?: boolean } = {}): string {
  const so = library();
  const context = scoped(CONTEXT, openContext, (value) => so.nft_ctx_free(value));
  so.nft_ctx_output_set_flags(context, options.json ? NFT_CTX_OUTPUT_JSON : 0);
  const failed = so.nft_run_cmd_from_buffer(context, commands) !== 0;
  const output = so.nft_ctx_get_output_buffer(context) ?? "";
  const complaint = (so.nft_ctx_get_error_buffer(context) ?? "").trim();
  if (!failed) return output;
  const isMissing = /No such file or directory/.test(complaint);
  throw new GantryError(isMissing ? "NotFound" : "Internal", `nftables: ${complaint.split("\n")[0]}`, {
    code: isMissing ? "Kernel.NftNotFound" : "Kernel.NftFailed",
    details: { complaint },
  });
}
