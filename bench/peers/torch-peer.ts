// PyTorch beside us: a Python process for each variant, asked and answered by JSON, a line each.

import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { TOKENS } from "../nets.js";
import type { Net } from "../nets.js";
import type { Work } from "../work.js";

/** How PyTorch runs a network. */
export interface Variant {
  readonly name: string;
  readonly dtype: "float32" | "bfloat16";
  readonly compiled: boolean;
}

/** Eager and compiled, in float32 and under autocast to bfloat16. */
const VARIANTS: readonly Variant[] = [
  { name: "torch eager fp32", dtype: "float32", compiled: false },
  { name: "torch compiled fp32", dtype: "float32", compiled: true },
  { name: "torch eager bf16", dtype: "bfloat16", compiled: false },
  { name: "torch compiled bf16", dtype: "bfloat16", compiled: true },
];

/** The variants that are measured: all, or those that PyTorch need not compile first. */
export const variantsOf = ({ eager }: { readonly eager: boolean }): readonly Variant[] =>
  VARIANTS.filter(({ compiled }) => !(eager && compiled));

/** What a process builds: how it is told is between it and torch_peer.py. */
export interface PeerRequest {
  readonly kind: "unet" | "distillation";
  readonly config: Readonly<Record<string, unknown>>;
  readonly batch: number;
  readonly threads: number;
  readonly [more: string]: unknown;
}

/** The U-Net of a text-to-image model. */
export const unetRequest = (net: Net, batch: number, threads: number): PeerRequest => ({
  ...{ kind: "unet", config: net.json, batch, tokens: TOKENS, threads },
});

interface Answer {
  readonly error?: string;
  readonly ms?: number;
  readonly peak?: number;
  readonly parameters?: number;
}

const SCRIPT = fileURLToPath(new URL("torch_peer.py", import.meta.url));
const REST_MS = 300; // longer than OpenMP's threads spin after their last work

/** One Python process with one network. */
export class TorchPeer {
  private readonly lines: AsyncIterator<string>;

  /** Of its network. */
  parameters = 0;

  private constructor(
    readonly variant: Variant,
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
  ) {
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts a process and builds the network there. Throws with PyTorch's own line when that fails. */
  static async open(python: string, what: PeerRequest, variant: Variant): Promise<TorchPeer> {
    const child = spawn(python, [SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
    const failed = new Promise<never>((_, reject) => child.once("error", reject));
    const peer = new TorchPeer(variant, child);
    const { dtype, compiled } = variant;
    try {
      const opened = peer.ask("open", { ...what, dtype, compiled });
      peer.parameters = (await Promise.race([opened, failed])).parameters!;
      return peer;
    } catch (error) {
      peer.close();
      throw error;
    }
  }

  /** A forward pass or a training step as work; the process ends with the last of them. */
  work(op: PeerOp, peerOf: string, flops: number): Work {
    return {
      name: `${peerOf}, ${this.variant.name}`,
      peerOf,
      flops,
      restMs: REST_MS,
      run: async () => (await this.ask(op)).ms!,
      release: () => Promise.resolve(this.close()),
    };
  }

  /** Peak resident bytes of the process so far. */
  async memory(): Promise<number> {
    return (await this.ask("memory")).peak!;
  }

  close(): void {
    this.child.stdin.end();
  }

  /** How the process ended. */
  private async ending(): Promise<string> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    return `the process ended with ${child.signalCode ?? child.exitCode}`;
  }

  private async ask(op: string, rest: object = {}): Promise<Answer> {
    this.child.stdin.write(`${JSON.stringify({ op, ...rest })}\n`);
    const line = await this.lines.next();
    if (line.done) throw new Error(`${this.variant.name}: no answer; ${await this.ending()}`);
    const answer = JSON.parse(line.value) as Answer;
    if (answer.error) throw new Error(`${this.variant.name}: ${answer.error}`);
    return answer;
  }
}

type PeerOp = "forward" | "train";

/** A variant of some works of ours, beside them. Throws when it fails or is another network. */
export async function openPeers(
  python: string,
  what: PeerRequest,
  variant: Variant,
  ours: Readonly<Partial<Record<PeerOp, Work>>>,
): Promise<Work[]> {
  const peer = await TorchPeer.open(python, what, variant);
  try {
    const works = (Object.entries(ours) as [PeerOp, Work][]).map(([op, work]) => {
      const { name, flops, parameters } = work;
      if (peer.parameters !== parameters) {
        throw new Error(
          `${variant.name}: ${peer.parameters} parameters where ours has ${parameters ?? "none"}`,
        );
      }
      return peer.work(op, name, flops!);
    });
    // The first runs compile: what fails, fails here.
    for (const work of works) await work.run();
    return works;
  } catch (error) {
    peer.close();
    throw error;
  }
}
