// A teacher's configuration as a task of training.

import type { TrainingTask } from "../kinds.js";
import { checkTeacherData, classesOfTeacherData } from "./data.js";
import { teacherDigest } from "./config.js";
import type { TeacherConfig } from "./config.js";
import { exportTeacher } from "./export.js";
import { trainTeacher } from "./train.js";

/** Training of the network that a configuration describes. */
export function teacherTask(config: TeacherConfig): TrainingTask {
  return {
    ...{ config, steps: config.steps, batch: config.batch, digest: teacherDigest(config) },
    check: () => checkTeacherData(config),
    train: (options) => trainTeacher(config, options),
    export: async (trained, folder) => {
      const classes = await classesOfTeacherData(config);
      const { num_class_embeds: rows } = config.unet;
      await exportTeacher(config, trained, folder, {
        classes: rows === null ? undefined : classes,
        metadata: { config: teacherDigest(config) },
      });
      return config.head === "both"
        ? ["diffusers opens this network, but has no scheduler for its head, both"]
        : [];
    },
  };
}
