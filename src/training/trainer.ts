// Runs training steps: state in two buffer sets used in turn, so that an output never aliases an input.

import { floats, zeros } from "../core/tensor.js";
import type { HostTensor } from "../core/tensor.js";
import type { Session, Tensors } from "../engine/runtime/session.js";
import type { Packing } from "../nn/packed-weights.js";
import { emaDecay } from "./ema.js";
import { BETA1, BETA2, biasCorrection } from "./optimiser.js";
import { cutVector } from "./pieces.js";
import { STATE_NAMES, nextName } from "./step.js";
import type { StateName } from "./step.js";
import {
  NotFinite,
  allFinite,
  faultOfBatch,
  faultOfGradient,
  faultOfState,
} from "./trainer-finite.js";

export type TrainingState = Record<StateName, HostTensor<"float32">>;

export interface TrainerOptions {
  /** Learning rate at step `k`, counted from 1. */
  readonly learningRate: (k: number) => number;
  /** Decay of the exponential moving average; 0.999 when absent. */
  readonly emaDecay?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  /** By which a value that is not finite is named; such values are told by their places when absent. */
  readonly packing?: Packing;
}

/** What one step reports: `loss`, `gradientNorm`, and the scalars that the loss names. */
export type StepReport = Readonly<Record<string, number>>;

/** Fresh state for starting values: moments of zero, the average at the parameters. */
export function initialState(parameters: Float32Array): TrainingState {
  const shape = [parameters.length];
  return {
    parameters: floats(shape, parameters),
    firstMoment: zeros("float32", shape),
    secondMoment: zeros("float32", shape),
    average: floats(shape, parameters.slice()),
  };
}

/** A model in training. */
export class Trainer {
  private spare: TrainingState;

  /** `completed` counts the steps that `state` has seen. Throws NotFinite when `state` is not finite. */
  constructor(
    private readonly session: Session,
    public state: TrainingState,
    private readonly options: TrainerOptions,
    public completed = 0,
  ) {
    const fault = faultOfState(state, options.packing);
    if (fault !== undefined) {
      const remedy = "Begin with weights that are finite.";
      throw new NotFinite(`${fault} before step ${completed + 1}`, "start", remedy);
    }
    const size = state.parameters.shape;
    this.spare = Object.fromEntries(
      STATE_NAMES.map((name) => [name, zeros("float32", size)]),
    ) as TrainingState;
  }

  /**
   * One step.
   *
   * @throws NotFinite when what it reports or makes is not finite; the state is then the last good one
   */
  async step(batch: Tensors): Promise<StepReport> {
    const k = this.completed + 1;
    const { beta1 = BETA1, beta2 = BETA2 } = this.options;
    const scalar = (value: number): HostTensor => floats([], [value]);
    const feeds = {
      parameters: this.state.parameters,
      ...cutState(this.state, (name) => name),
      ...batch,
      learningRate: scalar(this.options.learningRate(k)),
      correction1: scalar(biasCorrection(beta1, k)),
      correction2: scalar(biasCorrection(beta2, k)),
      emaDecay: scalar(emaDecay(this.options.emaDecay ?? 0.999, k)),
    };
    const results = cutState(this.spare, nextName);
    const made = await this.session.run(feeds, results);
    const report = scalarsOf(made);
    this.refuseReport(report, batch, k);
    refuseChange(this.spare, this.options.packing, k);
    [this.state, this.spare] = [this.spare, this.state];
    this.completed = k;
    return report;
  }

  /** The state before the step is finite: what is not came with the batch, or of loss and gradient. */
  private refuseReport(report: StepReport, batch: Tensors, k: number): void {
    const fault = Object.entries(report).find(([, value]) => !Number.isFinite(value));
    if (fault === undefined) return;
    const got = `${fault[0]} = ${fault[1]} at step ${k}`;
    const name = faultOfBatch(batch);
    if (name !== undefined) throw new NotFinite(`${got}: so is ${name} of its batch`, "batch");
    const weight = faultOfGradient(this.spare.firstMoment, this.options.packing);
    const its = weight === undefined ? "its loss or gradient" : `the gradient of ${weight}`;
    throw new NotFinite(`${got}: weights and batch are finite, ${its} is not`, "gradient");
  }
}

/** The pieces of all state vectors under the names that `rename` gives them. */
function cutState(state: TrainingState, rename: (name: StateName) => string): Tensors {
  const pieces = STATE_NAMES.map((name) => cutVector(rename(name), state[name]));
  return Object.assign({}, ...pieces) as Tensors;
}

function scalarsOf(made: Tensors): StepReport {
  const scalars = Object.entries(made).filter(([, value]) => value.shape.length === 0);
  return Object.fromEntries(scalars.map(([name, value]) => [name, Number(value.data[0])]));
}

/** One pass over the parameters: the other vectors are looked at before a checkpoint is written. */
function refuseChange(made: TrainingState, packing: Packing | undefined, k: number): void {
  if (allFinite(made.parameters.data)) return;
  throw new NotFinite(`${faultOfState(made, packing)} at step ${k}`, "change");
}
