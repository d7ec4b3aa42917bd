// The measurements of students' errors behind one door, for the command line.

export { evaluateDenoising } from "./evaluate-denoising.js";
export { evaluateFitting } from "./evaluate-fitting.js";
export { evaluateInformation } from "./evaluate-information.js";
