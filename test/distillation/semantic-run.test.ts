// A run of stage B from folders to a folder: student and teacher apart, encoder and predictor trained and read back.

import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Generator } from "../../src/core/generator.js";
import { floats, integers } from "../../src/core/tensor.js";
import { CompiledPredictor, LatentSampler } from "../../src/distillation/index.js";
import { taskOf } from "../../src/distillation/kinds.js";
import { readLatent } from "../../src/distillation/latent-run/export.js";
import { semanticSchema } from "../../src/distillation/semantic-run/config.js";
import { readSemantic, semanticPredict } from "../../src/distillation/semantic-run/export.js";
import {
  measureInformation,
  readSemanticModels,
} from "../../src/distillation/semantic-run/train.js";
import { nodeRuntime } from "../../src/engine/runtime/node.js";
import { decodeImage } from "../../src/io/image.js";
import { withThreads } from "../../src/training/run/threads.js";
import { TeacherDenoiser, classCondition } from "../../src/training/teacher/index.js";
import { ConstantWeights } from "../../src/nn/constant-weights.js";
import { writeTinyPictures, writeTinyTeacherModel } from "../training/tiny-teacher.js";
import { writePlainModels, writeSemantic, writeTinyTeacherWith } from "./tiny-models.js";

const runtime = withThreads(nodeRuntime(), 1);
const LATENT = 6;
let base: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "followspot-semantic-"));
  await writeTinyPictures(join(base, "pictures"));
  await writeTinyTeacherModel("v", join(base, "v"));
  await writeTinyTeacherModel("x0", join(base, "x0"));
  await writePlainModels(base);
  await writeTinyTeacherWith(join(base, "eps"), { head: "eps" });
});

afterAll(() => rm(base, { recursive: true, force: true }));

const documentOf = (changes: object = {}) => ({
  kind: "semantic",
  student: join(base, "v"),
  teacher: join(base, "v"),
  student_steps: 2,
  data: { path: join(base, "pictures") },
  target: { kind: "progressive", substeps: 1 },
  encoder: { width: 8, latent_dim: LATENT },
  budget: 24,
  flip: false,
  seed: 3,
  batch: 4,
  learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 },
  weight_decay: 0,
  ema: { decay: 0 },
  sample_every: 100,
  draw: { count: 2, seed: 1 },
  ...changes,
});

describe("a run of stage B", () => {
  it("counts the predictor among its evaluations", () => {
    // Student, predictor and teacher.
    expect(taskOf(documentOf()).steps).toBe(2);
    expect(taskOf(documentOf({ guidance: {} })).steps).toBe(1);
    // The data's own pictures are asked of nobody.
    expect(taskOf(documentOf({ target: { kind: "data" } })).steps).toBe(3);
  });

  it("refuses to say whose teachers are guided, having one", () => {
    const guidance = { rounds: "first" };
    expect(() => taskOf(documentOf({ guidance }))).toThrow(/guidance.*rounds/);
  });

  it("refuses guidance and a latent of the teacher's answer where no teacher is asked", async () => {
    const target = { kind: "data" };
    expect(() => taskOf(documentOf({ target, guidance: {} }))).toThrow(
      /guidance: expected null with a target of the data, which asks no teacher, got a scale of 1\.3/,
    );
    expect(() => taskOf(documentOf({ target, source: "target" }))).toThrow(
      /source: expected data with a target of the data, .*got target/,
    );
    await taskOf(documentOf({ target })).check();
  });

  it("refuses to drop classes that there are not", async () => {
    const plain = { student: join(base, "plain"), teacher: join(base, "plain") };
    const task = taskOf(documentOf({ ...plain, class_dropout: 0.1 }));
    await expect(task.check()).rejects.toThrow(
      /class_dropout: expected 0 for a network without classes, got 0\.1/,
    );
    await taskOf(documentOf({ class_dropout: 0.1 })).check();
    const { student: _s, teacher: _t, student_steps: _n, encoder: _e, ...shared } = documentOf();
    const chain = { ...shared, kind: "distillation", rounds: { first: 1, last: 1 } };
    const without = { ...chain, parent: plain.student };
    await expect(taskOf({ ...without, class_dropout: 0.1 }).check()).rejects.toThrow(
      /class_dropout: expected 0 for a network without classes, got 0\.1/,
    );
    await taskOf(without).check();
  });

  it("refuses a student and a teacher of different schedules", async () => {
    const task = taskOf(documentOf({ teacher: join(base, "x0") }));
    await expect(task.check()).rejects.toThrow(/expected student and teacher of one size.*sigmoid/);
  });

  it("refuses networks whose head tells nothing at t = 1", async () => {
    const [plain, eps] = [join(base, "plain"), join(base, "eps")];
    const refusal = /expected a network with head v, x0 or both, got eps/;
    const check = (student: string, teacher: string) =>
      taskOf(documentOf({ student, teacher })).check();
    await expect(check(eps, plain)).rejects.toThrow(refusal);
    await expect(check(plain, eps)).rejects.toThrow(refusal);
    await check(plain, plain);
  });

  it("refuses a student that has encoder and predictor already", async () => {
    const refusal = /expected a network alone, got one with encoder and predictor/;
    const student = join(base, "plain-semantic");
    const task = taskOf(documentOf({ student, teacher: join(base, "plain") }));
    await expect(task.check()).rejects.toThrow(refusal);
    const chain = {
      ...{ kind: "distillation", parent: student, target: { kind: "progressive" } },
      ...{ rounds: { first: 1, last: 1 }, guidance: null, class_dropout: 0 },
    };
    const { student: _s, teacher: _t, student_steps: _n, encoder: _e, ...shared } = documentOf();
    await expect(taskOf({ ...shared, ...chain }).check()).rejects.toThrow(refusal);
  });

  it("trains, is measured, is written, and predicts as the student does where nothing is told", async () => {
    const task = taskOf(documentOf());
    const sheets: string[] = [];
    const folder = join(base, "run");
    const { trainer, packing, done } = await task.train({
      ...{ runtime, folder, sheets: true },
      onSheet: (path) => void sheets.push(path),
    });
    expect(done).toBe(true);
    // Two pictures beside each other, and under each what is drawn of it.
    expect(sheets).toEqual([join(folder, "samples-00000002.png")]);
    const sheet = await decodeImage(sheets[0]!);
    expect(sheet.width).toBe(sheet.height);
    const { average } = trainer.state;
    const trained = { packing, average, step: trainer.completed };
    await task.export(trained, join(base, "model"), runtime);
    const made = await readSemantic(join(base, "model"));
    expect(made.predictor.config.latent_dim).toBe(LATENT);
    expect(made.encoder.weights.size + made.predictor.weights.size).toBe(packing.specs.length);

    const config = semanticSchema.parse(documentOf());
    const models = await readSemanticModels(config);
    const weights = packing.unpack(average.data);
    const rows = await measureInformation(config, models, { weights, batches: 1 }, { runtime });
    expect(rows.map(({ t }) => t)).toEqual([0.5, 1]);
    for (const { own, shuffled, zero } of rows) {
      expect(Math.min(own, shuffled, zero)).toBeGreaterThan(0);
      expect(shuffled).not.toBe(own);
    }

    const shape = [2, 8, 8, 1];
    const classLabels = integers([2], [0, 1]);
    const latent = new Generator(2n).randn([2, LATENT]);
    const silent = new Map(
      [...made.predictor.weights].map(([name, value]) => {
        const out = name.startsWith("shift_conv_out");
        return [
          name,
          out
            ? floats(
                value.shape,
                value.data.map(() => 0),
              )
            : value,
        ] as const;
      }),
    );
    const predict = semanticPredict(
      { ...made, predictor: { ...made.predictor, weights: silent } },
      2,
    );
    const joined = await CompiledPredictor.create(runtime, predict, shape, {
      ...{ extra: { classLabels, latent }, evaluations: 2 },
    });
    const { unet, head, weights: known, schedule } = made.student;
    const alone = await TeacherDenoiser.create({
      ...{ runtime, unet, head, shape },
      weights: (graph) => new ConstantWeights(graph, known),
    });
    const x = new Generator(3n).randn(shape);
    const level = schedule.level(0.7);
    const told = await joined.denoise(x, level);
    const plain = await alone.denoise(x, level, classCondition(2, [0, 1]));
    await Promise.all([joined.release(), alone.release()]);
    told.x0.data.forEach((value, i) => expect(value).toBeCloseTo(plain.x0.data[i]!, 5));
    expect(joined.spent).toEqual({ calls: 2, rows: 4 });
  }, 900_000);

  it("is followed by a latent network, which needs no picture", async () => {
    const document = {
      ...{ kind: "latent", parent: join(base, "plain-semantic"), seed: 3, batch: 4 },
      data: { path: join(base, "pictures") },
      ...{ network: { hidden_dim: 8, num_layers: 3, time_embedding_dim: 8 } },
      ...{ steps: 3, learning_rate: { peak: 0.01, floor: 0.001, warmup: 1 }, weight_decay: 0.01 },
      ...{ ema: { decay: 0.9 }, draw: { steps: 4 } },
    };
    const folder = join(base, "latent");
    const stopped = taskOf(document);
    await stopped.check();
    const controller = new AbortController();
    const onStep = (): void => controller.abort();
    await stopped.train({ runtime, folder, signal: controller.signal, onStep });
    const task = taskOf(document);
    const stages: string[] = [];
    const onStage = (label: string): void => void stages.push(label);
    const { trainer, packing, done } = await task.train({ runtime, folder, onStage });
    expect([done, trainer.completed]).toEqual([true, 3]);
    // The pictures are encoded once.
    expect(stages).not.toContain("encoding the pictures");
    const sheets: string[] = [];
    const whole = await taskOf({ ...document, sample_every: 2 }).train({
      ...{ runtime, folder: join(base, "latent-whole"), sheets: true },
      onSheet: (path) => void sheets.push(basename(path)),
    });
    expect(sheets).toEqual(["samples-00000002.png", "samples-00000003.png"]);
    expect(trainer.state.parameters.data).toEqual(whole.trainer.state.parameters.data);

    const model = join(base, "latent-model");
    const trained = { packing, average: trainer.state.average, step: trainer.completed };
    await task.export(trained, model, runtime);
    const { steps, ...latent } = await readLatent(model);
    expect(latent.statistics.mean).toHaveLength(LATENT);
    const sampler = await LatentSampler.create({ ...latent, batch: 2, runtime });
    const drawn = await sampler.draw(new Generator(6n).randn([2, LATENT]), steps);
    await sampler.release();
    expect(drawn.shape).toEqual([2, LATENT]);
    expect(drawn.data.every(Number.isFinite)).toBe(true);
    expect(sampler.evaluations).toBe(4);
    // The student and what joins it are there too.
    expect((await readSemantic(model)).student.digest).toHaveLength(64);

    // Another latent network takes the place of this one, and a link is as good as what it leads to.
    const link = join(base, "latent-link");
    await symlink(model, link);
    const again = taskOf({ ...document, parent: link, draw: { steps: 2 } });
    await again.check();
    expect(await again.parents!()).toEqual(await task.parents!());
    await again.train({ runtime, folder: join(base, "latent-again") });
    await again.export(trained, join(base, "latent-model-again"), runtime);
    const { steps: fewer, weights } = await readLatent(join(base, "latent-model-again"));
    expect([fewer, weights]).toEqual([2, latent.weights]);

    for (const [parent, got] of [
      [
        "nowhere",
        /nowhere: expected the folder of a teacher or a student, .*got none of that name/,
      ],
      ["v", /v: expected a student with encoder and predictor, got a network alone.*semantic/],
    ] as const) {
      const misplaced = taskOf({ ...document, parent: join(base, parent) });
      await expect(misplaced.check()).rejects.toThrow(got);
    }

    // An answer of the teacher is one of a noise, which a drawn latent does not know.
    await writeSemantic(join(base, "plain"), join(base, "plain"), join(base, "answered"), {
      source: "target",
    });
    await expect(taskOf({ ...document, parent: join(base, "answered") }).check()).rejects.toThrow(
      /parent: expected a predictor that was told the data \(source data\), got .*source target/,
    );

    // Latents are drawn for all classes alike, and a class that is drawn beside says another thing.
    const classed = taskOf({ ...document, parent: join(base, "model") });
    const refusal = /parent: expected a model without classes, got one of 3.*--like/;
    await expect(classed.check()).rejects.toThrow(refusal);
    const elsewhere = join(base, "latent-classed");
    await expect(classed.train({ runtime, folder: elsewhere })).rejects.toThrow(refusal);
  }, 900_000);
});
