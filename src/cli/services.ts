// What the verbs call, each loaded only when its verb runs, so that --help needs no engine.
import type { DrawService } from "../pipelines/draw-request.js";
import type { DistributionService } from "../pipelines/evaluate-distribution-request.js";
import type { ErrorsService } from "../pipelines/evaluate-errors-request.js";
import type { EvaluateService } from "../pipelines/evaluate-request.js";
import type { InspectService } from "../pipelines/model-report.js";
import type { SampleService } from "../pipelines/sample-request.js";
import type { TrainService } from "../pipelines/train-request.js";

export type { InspectService, ModelReport, PartReport } from "../pipelines/model-report.js";
export type {
  ConfigValue,
  TrainRequest,
  TrainResult,
  TrainService,
} from "../pipelines/train-request.js";

export type {
  DistributionReport,
  DistributionRequest,
  DistributionService,
} from "../pipelines/evaluate-distribution-request.js";

export type {
  DenoisingReport,
  DenoisingRequest,
  ErrorsRequest,
  ErrorsService,
  FittingReport,
  FittingRequest,
  HeldOutReport,
  HeldOutRequest,
  InformationReport,
  InformationRequest,
} from "../pipelines/evaluate-errors-request.js";

export type {
  EvaluateRequest,
  EvaluateService,
  PlacementRow,
  PlacementSettings,
  PlacementTable,
} from "../pipelines/evaluate-request.js";

export type { SampleReport, SampleRequest, SampleService } from "../pipelines/sample-request.js";

export interface Services {
  drawing(): Promise<DrawService>;
  inspection(): Promise<InspectService>;
  training(): Promise<TrainService>;
  sampling(): Promise<SampleService>;
  evaluation(): Promise<EvaluateService>;
  distribution(): Promise<DistributionService>;
  errors(): Promise<ErrorsService>;
}
