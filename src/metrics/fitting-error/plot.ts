// Errors against time as a picture: one line a model, with its standard error.

import { FollowspotError } from "../../core/errors.js";
import { decodeImage } from "../../io/image.js";
import { encodePng } from "../../io/png.js";
import { escapeXml, fitText, FONT_FAMILY } from "../../io/svg.js";
import type { CurvePoint } from "./curve.js";

/** A line of the plot. */
export interface PlottedCurve {
  readonly name: string;
  readonly points: readonly Pick<CurvePoint, "t" | "error" | "standardError">[];
}

const WIDTH = 900; // pixels
const HEIGHT = 560;
const FRAME = { left: 84, top: 44, right: 664, bottom: 500 } as const;
const FONT_SIZE = 15;
const COLOURS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8e5aa8", "#b87b14", "#4a4a4a"] as const;

interface Scale {
  readonly x: (t: number) => number;
  readonly y: (error: number) => number;
  /** Exponents of ten at the axis' ends. */
  readonly low: number;
  readonly high: number;
}

/** t runs from 0 to 1, errors by powers of ten that hold them all. */
function scaleOf(errors: readonly number[]): Scale {
  const low = Math.floor(Math.log10(Math.min(...errors)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...errors))));
  const { left, right, top, bottom } = FRAME;
  return {
    ...{ low, high },
    x: (t) => left + t * (right - left),
    y: (error) => {
      const place = (Math.log10(Math.max(error, 10 ** low)) - low) / (high - low);
      return bottom - place * (bottom - top);
    },
  };
}

const line = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" ${style}/>`;

const text = (x: number, y: number, content: string, anchor = "middle", more = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" ${more}>${escapeXml(content)}</text>`;

function axes({ x, y, low, high }: Scale, title: string): string {
  const { left, right, top, bottom } = FRAME;
  const rule = 'stroke="#ddd"';
  const powers = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  const across = powers.map((power) => {
    const at = y(10 ** power);
    const label = power < -3 ? `1e${power}` : String(Number((10 ** power).toPrecision(1)));
    return line(left, at, right, at, rule) + text(left - 8, at + 5, label, "end");
  });
  const up = [0, 0.25, 0.5, 0.75, 1].map(
    (t) => line(x(t), top, x(t), bottom, rule) + text(x(t), bottom + 22, String(t)),
  );
  const turned = `transform="rotate(-90 20 ${(top + bottom) / 2})"`;
  return [
    ...across,
    ...up,
    text((left + right) / 2, 26, title),
    text((left + right) / 2, bottom + 46, "t"),
    text(20, (top + bottom) / 2, "mean squared error", "middle", turned),
  ].join("");
}

function curveSvg({ name, points }: PlottedCurve, index: number, { x, y }: Scale): string {
  const colour = COLOURS[index % COLOURS.length]!;
  // Past the colours, lines are dashed.
  const dash = index < COLOURS.length ? "" : ' stroke-dasharray="6 4"';
  const places = points.map(({ t, error }) => `${x(t).toFixed(1)},${y(error).toFixed(1)}`);
  const bars = points.map(({ t, error, standardError }) => {
    const spread = Number.isFinite(standardError) ? standardError : 0;
    return line(x(t), y(error - spread), x(t), y(error + spread), `stroke="${colour}"`);
  });
  const dots = points.map(
    ({ t, error }) => `<circle cx="${x(t)}" cy="${y(error)}" r="3" fill="${colour}"/>`,
  );
  const [from, at] = [FRAME.right + 16, FRAME.top + 10 + index * 24];
  const label = fitText(name, FONT_SIZE, WIDTH - from - 36);
  return [
    `<polyline points="${places.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
    ...bars,
    ...dots,
    line(from, at, from + 22, at, `stroke="${colour}" stroke-width="2"${dash}`),
    text(from + 30, at + 5, label, "start"),
  ].join("");
}

/**
 * A PNG file with errors against time, the errors on a logarithmic axis; those that are 0 lie on its lower end.
 *
 * @throws FollowspotError without a single error
 */
export async function curvePlot(
  curves: readonly PlottedCurve[],
  title: string,
): Promise<Uint8Array> {
  const errors = curves.flatMap(({ points }) => points.map(({ error }) => error));
  if (errors.length === 0) throw new FollowspotError("plot: expected errors, got none.");
  const positive = errors.filter((error) => error > 0);
  const scale = scaleOf(positive.length > 0 ? positive : [1]);
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" ` +
    `font-family="${FONT_FAMILY}" font-size="${FONT_SIZE}" fill="#222">` +
    `<rect width="100%" height="100%" fill="white"/>${axes(scale, title)}` +
    `${curves.map((curve, i) => curveSvg(curve, i, scale)).join("")}</svg>`;
  const { data, width, height } = await decodeImage(new TextEncoder().encode(svg));
  return encodePng(data, width, height);
}
