// The coloured solids: signed distances marched by a parallel camera, lit by one lamp, with a thin outline.

import { cropSprite } from "./sprite.js";
import type { Sprite } from "./sprite.js";
import type { Colour, SolidKind } from "./kinds.js";

type Vector = readonly [number, number, number];
type Distance = (x: number, y: number, z: number) => number;

const RESOLUTION = 128; // cells along each side of the drawing
const SUPERSAMPLING = 2; // rays along each side of a cell
const OUTLINE = 0.028; // width of the outline, fraction of the drawing
const LAMP: Vector = normalise([-0.5, 0.75, 0.65]); // towards the lamp: upper left, in front

/** Base colours, far apart in hue; white and black keep room for shading on both sides. */
const PAINT: Record<Colour, Vector> = {
  red: [226, 40, 40],
  green: [30, 158, 60],
  blue: [36, 84, 226],
  yellow: [250, 214, 24],
  orange: [250, 132, 16],
  purple: [142, 48, 190],
  white: [252, 252, 252],
  black: [40, 40, 44],
};

function normalise([x, y, z]: Vector): Vector {
  const length = Math.hypot(x, y, z);
  return [x / length, y / length, z / length];
}

/** Distance to a box with half-sides a, b, c around the origin. */
function boxDistance(x: number, y: number, z: number, a: number, b: number, c: number): number {
  const [dx, dy, dz] = [Math.abs(x) - a, Math.abs(y) - b, Math.abs(z) - c];
  const outside = Math.hypot(Math.max(dx, 0), Math.max(dy, 0), Math.max(dz, 0));
  return outside + Math.min(Math.max(dx, dy, dz), 0);
}

/** The solids in their own axes, y up, within about one unit of the origin. */
const SHAPES: Record<SolidKind, Distance> = {
  cube: (x, y, z) => boxDistance(x, y, z, 0.6, 0.6, 0.6),
  sphere: (x, y, z) => Math.hypot(x, y, z) - 0.85,
  cone: (x, y, z) => {
    // Radius falls from 0.72 at the base (y = -0.8) to 0 at the tip (y = 0.85).
    const radius = Math.hypot(x, z);
    const slope = 0.72 / 1.65;
    return Math.max((radius - (0.85 - y) * slope) / Math.hypot(1, slope), -0.8 - y);
  },
  cylinder: (x, y, z) => Math.max(Math.hypot(x, z) - 0.55, Math.abs(y) - 0.72),
  torus: (x, y, z) => Math.hypot(Math.hypot(x, z) - 0.62, y) - 0.27,
};

/** How each solid is turned: yaw about its own axis, then pitch towards the camera, radians. */
const POSES: Record<SolidKind, { readonly yaw: number; readonly pitch: number }> = {
  cube: { yaw: 0.5, pitch: 0.5 },
  sphere: { yaw: 0, pitch: 0 },
  cone: { yaw: 0, pitch: 0.3 },
  cylinder: { yaw: 0, pitch: 0.45 },
  torus: { yaw: 0, pitch: 0.95 },
};

/** A distance function seen in the camera's axes. */
function posed(kind: SolidKind): Distance {
  const { yaw, pitch } = POSES[kind];
  const [cosYaw, sinYaw, cosPitch, sinPitch] = [
    Math.cos(yaw),
    Math.sin(yaw),
    Math.cos(pitch),
    Math.sin(pitch),
  ];
  const shape = SHAPES[kind];
  return (x, y, z) => {
    const up = y * cosPitch + z * sinPitch;
    const depth = z * cosPitch - y * sinPitch;
    return shape(x * cosYaw - depth * sinYaw, up, x * sinYaw + depth * cosYaw);
  };
}

/** Depth at which the ray through (x, y) meets the solid, or undefined where it passes by. */
function march(distance: Distance, x: number, y: number): number | undefined {
  let z = 1.3;
  for (let step = 0; step < 96 && z > -1.3; step++) {
    const clear = distance(x, y, z);
    if (clear < 1e-3) return z;
    z -= clear;
  }
  return undefined;
}

/** Lambert's term and highlight at a point of the surface. */
function light(distance: Distance, x: number, y: number, z: number): [number, number] {
  const e = 1e-3;
  const [nx, ny, nz] = normalise([
    distance(x + e, y, z) - distance(x - e, y, z),
    distance(x, y + e, z) - distance(x, y - e, z),
    distance(x, y, z + e) - distance(x, y, z - e),
  ]);
  const lambert = Math.max(0, nx * LAMP[0] + ny * LAMP[1] + nz * LAMP[2]);
  const [hx, hy, hz] = normalise([LAMP[0], LAMP[1], LAMP[2] + 1]);
  const gloss = Math.max(0, nx * hx + ny * hy + nz * hz) ** 40;
  return [lambert, gloss];
}

/** Lambert and gloss of every ray, -1 where it misses. */
function trace(kind: SolidKind): { lambert: Float32Array; gloss: Float32Array; side: number } {
  const side = RESOLUTION * SUPERSAMPLING;
  const distance = posed(kind);
  const lambert = new Float32Array(side * side).fill(-1);
  const gloss = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const x = ((column + 0.5) / side - 0.5) * 2.3;
      const y = (0.5 - (row + 0.5) / side) * 2.3;
      const z = march(distance, x, y);
      if (z === undefined) continue;
      [lambert[row * side + column], gloss[row * side + column]] = light(distance, x, y, z);
    }
  }
  return { lambert, gloss, side };
}

/** Mark the rays within `reach` of a miss: the outline. */
function edgeOf(lambert: Float32Array, side: number, reach: number): Uint8Array {
  const edge = new Uint8Array(side * side);
  for (let at = 0; at < edge.length; at++) {
    if (lambert[at]! >= 0) continue;
    const [row, column] = [Math.floor(at / side), at % side];
    for (let dy = -reach; dy <= reach; dy++) {
      const span = Math.floor(Math.sqrt(reach * reach - dy * dy));
      const y = row + dy;
      if (y < 0 || y >= side) continue;
      const from = y * side + Math.max(0, column - span);
      edge.fill(1, from, y * side + Math.min(side, column + span + 1));
    }
  }
  return edge;
}

type Traced = ReturnType<typeof trace> & { edge: Uint8Array };
const traced = new Map<SolidKind, Traced>();
const sprites = new Map<string, Sprite>();

function tracedOf(kind: SolidKind): Traced {
  let found = traced.get(kind);
  if (!found) {
    const drawn = trace(kind);
    const reach = Math.round(OUTLINE * drawn.side * 0.75);
    found = { ...drawn, edge: edgeOf(drawn.lambert, drawn.side, reach) };
    traced.set(kind, found);
  }
  return found;
}

/** How a paint takes the light. */
interface Finish {
  /** Share of the paint out of the lamp's light, and what Lambert's term adds. */
  readonly ambient: number;
  readonly diffuse: number;
  /** Share of white in the middle of the highlight. */
  readonly shine: number;
  /** Grey of the outline; half the paint when absent. */
  readonly line?: number;
}

const FINISH: Finish = { ambient: 0.62, diffuse: 0.43, shine: 0.35 };

/** White is shaded deeper and outlined darker, or pale backgrounds swallow it; black needs lighter ones. */
const OTHER_FINISHES: Partial<Record<Colour, Finish>> = {
  white: { ambient: 0.4, diffuse: 0.66, shine: 0.35, line: 40 },
  black: { ambient: 0.5, diffuse: 1.1, shine: 0.45, line: 150 },
};

/** The paint under the lamp, and the outline: darker than the paint, lighter than black. */
function shadePaint(colour: Colour, lambert: number, gloss: number, edge: boolean): Vector {
  const paint = PAINT[colour];
  const { ambient, diffuse, line, ...finish } = OTHER_FINISHES[colour] ?? FINISH;
  if (edge) {
    return line === undefined
      ? [paint[0] * 0.5, paint[1] * 0.5, paint[2] * 0.5]
      : [line, line, line];
  }
  const level = ambient + diffuse * lambert;
  const shine = finish.shine * gloss;
  const mix = (base: number): number => Math.min(255, base * level) * (1 - shine) + 255 * shine;
  return [mix(paint[0]), mix(paint[1]), mix(paint[2])];
}

/** The sprite of a solid in a colour, drawn once per process and kept. */
export function solidSprite(kind: SolidKind, colour: Colour): Sprite {
  const key = `${colour} ${kind}`;
  let sprite = sprites.get(key);
  if (!sprite) {
    sprite = paintSolid(tracedOf(kind), colour);
    sprites.set(key, sprite);
  }
  return sprite;
}

function paintSolid({ lambert, gloss, edge, side }: Traced, colour: Colour): Sprite {
  const rgba = new Uint8Array(RESOLUTION * RESOLUTION * 4);
  for (let cell = 0; cell < RESOLUTION * RESOLUTION; cell++) {
    const sum = [0, 0, 0];
    let hits = 0;
    for (let ray = 0; ray < SUPERSAMPLING * SUPERSAMPLING; ray++) {
      const row = Math.floor(cell / RESOLUTION) * SUPERSAMPLING + Math.floor(ray / SUPERSAMPLING);
      const at = row * side + (cell % RESOLUTION) * SUPERSAMPLING + (ray % SUPERSAMPLING);
      if (lambert[at]! < 0) continue;
      shadePaint(colour, lambert[at]!, gloss[at]!, edge[at] === 1).forEach(
        (v, k) => (sum[k]! += v),
      );
      hits++;
    }
    if (hits === 0) continue;
    for (let k = 0; k < 3; k++) rgba[cell * 4 + k] = Math.round(sum[k]! / hits);
    rgba[cell * 4 + 3] = Math.round((255 * hits) / (SUPERSAMPLING * SUPERSAMPLING));
  }
  return cropSprite(rgba, RESOLUTION, RESOLUTION);
}
