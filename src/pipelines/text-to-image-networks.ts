// A model's networks: the one that it is drawn with, and those that it has for steps of short runs.

import { SAMPLERS } from "../diffusion/index.js";
import type { Denoiser, Schedule } from "../diffusion/index.js";
import type { UNetDenoiser } from "./denoiser.js";
import type { Order } from "./text-to-image-order.js";
import { unetFiles } from "./text-to-image-unets.js";
import type { UNetsBySteps } from "./text-to-image-unets.js";
import type { PartFiles } from "./text-to-image-weights.js";

/** Opens networks when they are first asked for, and keeps them. */
export class Networks {
  private readonly others = new Map<string, Promise<UNetDenoiser>>();

  /** @param open - makes a network of a part's weights */
  constructor(
    private readonly unets: UNetsBySteps,
    readonly main: UNetDenoiser,
    private readonly open: (part: PartFiles) => Promise<UNetDenoiser>,
  ) {}

  /**
   * The network for an order's run: at each of its steps the one that the model names for it.
   *
   * @throws FollowspotError naming the weight file that is missing or damaged
   */
  async of(
    { sampler, steps }: Pick<Order, "sampler" | "steps">,
    schedule: Schedule,
  ): Promise<Denoiser> {
    const names = this.unets.get(steps);
    if (!names) return this.main;
    const networks = await Promise.all(names.map((name) => this.named(unetFiles(name))));
    const plan = SAMPLERS[sampler].plan(schedule, steps);
    const starts = plan.steps.map(({ level }) => level.timestep);
    return new Set(networks).size === 1 ? networks[0]! : byStep(networks, starts);
  }

  private named(files: PartFiles): Promise<UNetDenoiser> {
    const { part } = files;
    if (part === "unet") return Promise.resolve(this.main);
    const known = this.others.get(part);
    if (known) return known;
    const opened = this.open(files);
    this.others.set(part, opened);
    // What failed may be asked for again.
    opened.catch(() => this.others.delete(part));
    return opened;
  }

  /** Frees all that was compiled. */
  async release(): Promise<void> {
    const others = await Promise.allSettled(this.others.values());
    const opened = others.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    await Promise.all([this.main, ...opened].map((network) => network.release()));
  }
}

/** A network for each step, by the timesteps at which the steps begin, falling. */
function byStep(networks: readonly UNetDenoiser[], starts: readonly number[]): Required<Denoiser> {
  const at = (timestep: number): UNetDenoiser => {
    const step = starts.findLastIndex((start) => start >= timestep);
    return networks[Math.max(step, 0)]!;
  };
  return {
    denoise: (x, level, ...rest) => at(level.timestep).denoise(x, level, ...rest),
    pullback: (x, level, ...rest) => at(level.timestep).pullback(x, level, ...rest),
  };
}
