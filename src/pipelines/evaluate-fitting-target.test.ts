// What a student was taught, by hand: the picture for which its one step ends where the teacher's steps end.

import { describe, expect, it } from "vitest";
import { floats } from "../core/tensor.js";
import { logSnrSchedule } from "../diffusion/index.js";
import type { Level } from "../diffusion/index.js";
import { Teaching, reachOf, taughtPicture, wayFrom } from "./evaluate-fitting-target.js";

const schedule = logSnrSchedule({ kind: "cosine", min: -20, max: 20 });
const X = [0.7, -0.4, 0.1];
const noisy = floats([3], Float32Array.from(X));
/** A teacher that thinks little of noise. */
const answerTo = (x: ArrayLike<number>, { alpha }: Level): number[] =>
  Array.from(x, (value) => Math.tanh(value) * alpha);
const predict = async (x: { data: Float32Array }, level: Level) =>
  Float32Array.from(answerTo(x.data, level));
const model = (student: object | undefined, draw?: { steps: number }) =>
  ({ facts: { student }, network: { facts: { draw } } }) as unknown as Parameters<
    typeof reachOf
  >[0];

describe("the picture that was taught", () => {
  it("is what one step needs to end where two end", async () => {
    const way = wayFrom(schedule, 1, { steps: 2, teacherSteps: 4 });
    const levels = [1, 0.75, 0.5].map((t) => schedule.level(t));
    expect(way.map(({ level }) => level.timestep)).toEqual(
      levels.slice(0, 2).map(({ timestep }) => timestep),
    );
    const first = answerTo(X, levels[0]!);
    const taught = await taughtPicture(noisy, Float32Array.from(first), way, predict);
    // DDIM by its noise, in float64: x_s = α_s x0 + σ_s ε.
    const step = (x: number[], from: Level, to: Level): number[] => {
      const x0 = answerTo(x, from);
      return x.map(
        (v, i) => to.alpha * x0[i]! + (to.sigma * (v - from.alpha * x0[i]!)) / from.sigma,
      );
    };
    const end = step(step(X, levels[0]!, levels[1]!), levels[1]!, levels[2]!);
    const ratio = levels[2]!.sigma / levels[0]!.sigma;
    end.forEach((v, i) => {
      const wanted = (v - ratio * X[i]!) / (levels[2]!.alpha - ratio * levels[0]!.alpha);
      expect(taught[i]).toBeCloseTo(wanted, 5);
    });
  });

  it("is the teacher's last answer where the way ends at the data", async () => {
    const way = wayFrom(schedule, 0.5, { steps: 1, teacherSteps: 8 });
    expect(way).toHaveLength(4);
    const answers: Float32Array[] = [];
    const first = Float32Array.from(answerTo(X, schedule.level(0.5)));
    const taught = await taughtPicture(noisy, first, way, async (x, level) => {
      answers.push(await predict(x, level));
      return answers.at(-1)!;
    });
    expect(answers).toHaveLength(3);
    taught.forEach((value, i) => expect(value).toBeCloseTo(answers[2]![i]!, 6));
  });

  it("reaches as far as the model's step: two of the teacher's, or all the way", () => {
    const progressive = { steps: 4, target: { kind: "progressive" } };
    const consistency = { steps: 32, target: { kind: "consistency" } };
    expect(reachOf(model(progressive), undefined)).toEqual({ steps: 4, teacherSteps: 8 });
    expect(reachOf(model(progressive), 16)).toEqual({ steps: 4, teacherSteps: 16 });
    expect(reachOf(model(consistency), undefined)).toEqual({ steps: 1, teacherSteps: 32 });
    expect(reachOf(model(undefined, { steps: 20 }), undefined)).toEqual({
      steps: 1,
      teacherSteps: 20,
    });
    const thirds = { steps: 4, target: { kind: "progressive", substeps: 3 } };
    expect(reachOf(model(thirds), undefined)).toEqual({ steps: 4, teacherSteps: 12 });
  });

  it("reaches the end of an endpoint student's way, and no farther than an answer of a reference student's", () => {
    const endpoint = { steps: 4, target: { kind: "endpoint", substeps: 2 } };
    expect(reachOf(model(endpoint), undefined)).toEqual({ steps: 1, teacherSteps: 8 });
    const reference = { steps: 4, target: { kind: "reference", substeps: 2 } };
    expect(reachOf(model(reference), undefined)).toEqual({ steps: 1, teacherSteps: 1 });
    const distribution = { steps: 1, target: { kind: "distribution" } };
    expect(reachOf(model(distribution), 8)).toEqual({ steps: 1, teacherSteps: 8 });
  });

  it("is a predictor's own: its steps, or the clean picture", async () => {
    const student = { steps: 4, target: { kind: "progressive", substeps: 2 } };
    const semantic = (kind: string) => ({ steps: 2, target: { kind, substeps: 2 } });
    const joined = {
      facts: { student, semantic: semantic("progressive") },
      network: { facts: {} },
    };
    const its = joined as unknown as Parameters<typeof reachOf>[0];
    expect(reachOf(its, undefined)).toEqual({ steps: 2, teacherSteps: 4 });
    const data = { ...its, facts: { ...its.facts, semantic: semantic("data") } } as typeof its;
    const teaching = new Teaching(schedule, [data], undefined);
    expect(teaching.further([1])).toBe(0);
    const [first, picture] = [Float32Array.from(X), Float32Array.of(1, 2, 3)];
    expect(await teaching.at({ t: 1, noisy, first, picture }, predict)).toEqual([picture]);
  });

  it("is made once for students of the same reach", async () => {
    const progressive = model({ steps: 1, target: { kind: "progressive" } });
    const two = model({ steps: 2, target: { kind: "progressive" } });
    const teaching = new Teaching(schedule, [progressive, two, progressive], 4);
    // From t = 1: four steps all the way, two to the half.
    expect(teaching.further([1])).toBe(3 + 1);
    let asked = 0;
    const first = Float32Array.from(answerTo(X, schedule.level(1)));
    const place = { t: 1, noisy, first, picture: first };
    const taught = await teaching.at(place, (x, level) => (asked++, predict(x, level)));
    expect(asked).toBe(4);
    expect(taught[0]).toBe(taught[2]);
    expect(taught[1]).not.toEqual(taught[0]);
  });
});
