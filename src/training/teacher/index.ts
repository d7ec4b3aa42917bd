// Teachers: diffusion models of pixels in continuous time, trained, drawn from, written and read.

export { inClassesOf, placesOf } from "./classes.js";
export { teacherSchema, teacherDigest } from "./config.js";
export type { TeacherConfig } from "./config.js";
export { classCondition, TeacherDenoiser } from "./denoiser.js";
export type { TeacherDenoiserOptions } from "./denoiser.js";
export { classesInTurn, drawPictures, noClassOf, toPictures } from "./draw.js";
export type { PictureRun } from "./draw.js";
export { isTeacherFolder } from "./expect-folder.js";
export { exportTeacher } from "./export.js";
export { evaluationsOf, readTeacher, TEACHER_FILES, teacherFacts } from "./folder.js";
export type { Teacher, TeacherFacts } from "./folder.js";
export { maskShapes, teacherLoss } from "./loss.js";
export { teacherPrediction } from "./network.js";
export type { TeacherInputs, TeacherNetwork } from "./network.js";
export { drawTeacher } from "./sheet.js";
export { teacherPacking, trainTeacher } from "./train.js";
