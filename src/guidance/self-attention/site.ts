// Which self-attention guidance looks at: a site of the decoder, kept as a value while the graph is built.

import { FollowspotError } from "../../core/errors.js";
import type { Value } from "../../engine/graph.js";
import type { AttentionPolicy, AttentionSite } from "../../nn/attention.js";

/** Cells beyond which a site's maps are too large to keep: 32 x 32. */
const MOST_CELLS = 1024;

/**
 * The site that guidance looks at when none is named: the last self-attention of the decoder whose maps are small
 * enough to keep, else that of the middle, else any.
 *
 * @throws FollowspotError when the network has no such site
 */
export function guidanceSite(sites: readonly AttentionSite[]): string {
  const own = sites.filter(({ kind, tokens }) => kind === "self" && tokens <= MOST_CELLS);
  const under = (part: string): AttentionSite | undefined =>
    own.findLast(({ name }) => name.startsWith(part));
  const found = under("up.") ?? under("mid.") ?? own.at(-1);
  if (found) return found.name;
  throw new FollowspotError(
    "attention guidance: expected a network with self-attention at 32x32 or below, got one without.",
    { remedy: "Give the teacher attention at 16x16, or distil without guidance." },
  );
}

/**
 * A site by its name, or where guidance looks when none is named.
 *
 * @param option - what named it, for the message
 * @throws FollowspotError, listing the sites, when there is no self-attention of that name
 */
export function siteNamed(
  option: string,
  sites: readonly AttentionSite[],
  name: string | undefined,
): string {
  if (name === undefined) return guidanceSite(sites);
  const own = sites.filter(({ kind }) => kind === "self").map((site) => site.name);
  if (own.includes(name)) return name;
  throw new FollowspotError(`${option}: expected one of ${own.join(", ")}, got "${name}".`, {
    remedy: "Or name none: the decoder's last is taken.",
  });
}

/** A policy that keeps the maps of one site and leaves all else to `others`; fused when absent. */
export class SiteRecorder implements AttentionPolicy {
  private kept: Value | undefined;
  private readonly seen: string[] = [];

  constructor(
    private readonly site: string,
    private readonly others: AttentionPolicy = { at: () => "fused" },
  ) {}

  at(site: AttentionSite): ReturnType<AttentionPolicy["at"]> {
    this.seen.push(site.name);
    const other = this.others.at(site);
    if (site.name !== this.site) return other;
    return (maps) => {
      this.kept = maps;
      return other === "fused" ? maps : other(maps);
    };
  }

  /** The maps [N, heads, cells, cells]. Throws FollowspotError, listing the sites, when there was no such site. */
  get maps(): Value {
    if (this.kept) return this.kept;
    throw new FollowspotError(
      `attention: expected a site of ${this.seen.join(", ")}, got ${this.site}.`,
    );
  }
}
