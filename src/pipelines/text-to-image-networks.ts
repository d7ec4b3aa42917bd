// A model's networks: the one that it is drawn with, and those that it has for other numbers of steps.

import type { UNetDenoiser } from "./denoiser.js";
import type { PipelineModel } from "./text-to-image-model.js";
import type { PartFiles } from "./text-to-image-weights.js";

/** Opens networks when they are first asked for, and keeps them. */
export class Networks {
  private readonly others = new Map<number, Promise<UNetDenoiser>>();

  /** @param open - makes a network of a part's weights */
  constructor(
    private readonly unets: PipelineModel["unets"],
    readonly main: UNetDenoiser,
    private readonly open: (part: PartFiles) => Promise<UNetDenoiser>,
  ) {}

  /**
   * The network for runs of so many steps.
   *
   * @throws FollowspotError naming the weight file that is missing or damaged
   */
  async of(steps: number): Promise<UNetDenoiser> {
    const part = this.unets.get(steps);
    if (!part) return this.main;
    const known = this.others.get(steps);
    if (known) return known;
    const opened = this.open(part);
    this.others.set(steps, opened);
    // What failed may be asked for again.
    opened.catch(() => this.others.delete(steps));
    return opened;
  }

  /** Frees all that was compiled. */
  async release(): Promise<void> {
    const others = await Promise.allSettled(this.others.values());
    const opened = others.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    await Promise.all([this.main, ...opened].map((network) => network.release()));
  }
}
